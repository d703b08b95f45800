import type { Clock } from "../async/clock.ts";
import type { Ending } from "../attempt-log.ts";
import { isNameOfLookUp } from "../endpoints/endpoint.ts";
import type { ErrorCode } from "../error-codes.ts";
import type { ModelHealth, ModelState } from "./model-state.ts";
import { createModelTable } from "./model-table.ts";

/** What is known of one provider, as plain data. */
export interface ProviderHealth {
  readonly provider: string;
  /** Requests in flight right now. What is looked up (`models.list()`, `balance()`) counts here, and nowhere below. */
  readonly inFlight: number;
  /** Answers that came to their end, since the client was made. */
  readonly succeeded: number;
  /** Requests that failed before or in their answer. */
  readonly failed: number;
  /** The provider asked not to be called before this time; milliseconds since the epoch. */
  readonly notBefore?: number;
  /** Milliseconds since the epoch, as all times here. */
  readonly lastSuccessAt?: number;
  readonly lastFailure?: { readonly code: ErrorCode; readonly at: number };
  /** Each model it was asked for. */
  readonly models: readonly ModelHealth[];
}

/** What all calls of a client share about one provider. Local and synchronous. */
export interface ProviderState {
  /** The provider asked not to be called before this time; milliseconds since the epoch, 0 if it did not. */
  readonly notBefore: number;
  forModel(model: string): ModelState;
  /** A request begins. */
  begin(model: string): Running;
  /** It asked another process to be left alone until then. */
  adopt(notBefore: number): void;
  health(): ProviderHealth;
}

/** A request that is under way. */
interface Running {
  /** Its first token came. */
  head(): void;
  /** It ended; only the first call counts. */
  readonly end: (ending: Ending) => void;
}

/** Where a state stands. `onNotBefore`: told of each later time the provider asked for. */
export interface StatePlace {
  readonly provider: string;
  readonly clock: Clock;
  createModel(model: string): ModelState;
  onNotBefore?(until: number): void;
}

export function createProviderState({ provider, clock, createModel, onNotBefore }: StatePlace): ProviderState {
  const models = createModelTable(createModel);
  const counts = { inFlight: 0, succeeded: 0, failed: 0 };
  let notBefore = 0;
  let lastSuccessAt: number | undefined;
  let lastFailure: ProviderHealth["lastFailure"];

  const note = ({ outcome, error }: Ending, isAnswer: boolean) => {
    counts.inFlight -= 1;
    if (isAnswer && outcome === "succeeded") {
      counts.succeeded += 1;
      lastSuccessAt = Math.round(clock.now());
    }
    // What this client ended for its cost is no failure of anybody's.
    if (outcome !== "failed" || !error || error.code === "cost_limit") return;
    if (isAnswer) {
      counts.failed += 1;
      lastFailure = { code: error.code, at: Math.round(clock.now()) };
    }
    // Only ever extended: an older, shorter wish must not undercut a newer one. What is wrong with one request (a 400)
    // is no reason to keep the others away.
    const { retryable, retryAt = 0 } = error;
    if (!retryable || !Number.isFinite(retryAt) || retryAt <= notBefore) return;
    notBefore = retryAt;
    onNotBefore?.(retryAt);
  };

  return {
    get notBefore() {
      return notBefore;
    },
    forModel: models.get,
    begin(model) {
      counts.inFlight += 1;
      const startedAt = clock.now();
      const state = models.use(model);
      let [isOpen, hasHead] = [true, false];
      return {
        head() {
          hasHead = true;
          state.sawHead(clock.now() - startedAt);
        },
        end(ending) {
          if (!isOpen) return;
          isOpen = false;
          // What is looked up has a circuit, slots and times of its own, and tells nothing of any model.
          note(ending, !isNameOfLookUp(model));
          if (!hasHead) state.sawNone(clock.now() - startedAt, ending.outcome === "failed");
        },
      };
    },
    adopt(until) {
      notBefore = Math.max(notBefore, until);
    },
    health: () => ({
      provider,
      ...counts,
      ...(notBefore > clock.now() && { notBefore: Math.round(notBefore) }),
      ...(lastSuccessAt !== undefined && { lastSuccessAt }),
      ...(lastFailure && { lastFailure }),
      models: [...models.values()].filter(({ name }) => !isNameOfLookUp(name)).map((model) => model.health()),
    }),
  };
}
