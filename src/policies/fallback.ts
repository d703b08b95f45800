import type { Call, Reply, Send } from "../call.ts";
import type { ErrorCode } from "../error-codes.ts";
import { CircuitOpenError, ContextLengthError, CostLimitError, QueueFullError } from "../error-family.ts";
import { ResilientClientError } from "../errors.ts";
import type { SkipReason } from "../report.ts";
import { type Candidate, chosen, inOrder, isAble, isHopeful, isResting } from "./choose-candidates.ts";
import { requireTime } from "./deadline.ts";
import { endsTheCall, type Permissions } from "./ends-the-call.ts";
import { type HedgeSettings, hedgeDelay, raceLanes } from "./hedge.ts";
import { isWorthIt, obstacleOf } from "./obstacles.ts";
import { type Order, orderCandidates } from "./order-candidates.ts";
import { roundFailed } from "./summarize-round.ts";

export interface FallbackSettings extends Permissions {
  readonly order?: Order | undefined;
  readonly hedge?: HedgeSettings | undefined;
  /** Where others can serve a call too, it waits no longer than that for a slot. Milliseconds. */
  readonly spillAfterMs?: number | undefined;
}

/**
 * Where others are away, and not full, a slot is waited for no longer than that: then they are asked again. Milliseconds: about
 * a backoff, so that neither way is given up for the other.
 */
const AWAY_PATIENCE_MS = 5_000;

/** With these, a provider refuses to go on with an answer; a new start may be welcome there. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["invalid_request", "context_length"]);

/**
 * One round: asks the providers in order and at once, until one begins to answer. Failing over costs no waiting;
 * waiting is the next round's business. A provider that broke this very answer off goes behind the others, unless it can
 * go on with it and they cannot; and if it did so for want of capacity, or twice, it is not asked before somebody has waited. Providers
 * kept for a later round come at once when nobody before them is worth another try.
 */
export function fallback(candidates: readonly Candidate[], settings: FallbackSettings): Send {
  return async (call) => {
    const { order = "ordered", hedge } = settings;
    const all = chosen(candidates, call);
    const able = (call.providers ? all : orderCandidates(all, order, call)).filter((each) => isAble(each, call));
    const round = new Round(inOrder(able, call), call, settings);
    const reply =
      hedge && able.length > 1
        ? await raceLanes(
            call,
            (lane, onAsk) => round.run(lane, onAsk),
            () => round.isAnybodyLeft(),
          )
        : await round.run(call);
    if (reply) return reply;
    throw roundFailed(able, call, candidates);
  };
}

/** Those who are to be asked in one round, each once, whoever asks. */
class Round {
  readonly #settings: FallbackSettings;
  readonly #order: readonly Candidate[];
  readonly #left: Candidate[];
  readonly #full: Candidate[] = [];
  /** Those who are kept for later come only when nobody before them is worth another try. */
  readonly #later: Candidate[];

  constructor(order: readonly Candidate[], { round }: Call, settings: FallbackSettings) {
    const isDue = ({ afterRounds }: Candidate) => afterRounds <= round;
    this.#settings = settings;
    this.#order = order;
    this.#left = order.filter(isDue);
    this.#later = order.filter((candidate) => !isDue(candidate));
  }

  isAnybodyLeft(): boolean {
    return this.#left.length > 0;
  }

  /** Asks one after the other, until one begins to answer. */
  async run(call: Call, onAsk?: (delayMs: number) => void): Promise<Reply | undefined> {
    for (let candidate = this.#next(call); candidate; candidate = this.#next(call)) {
      const hasOthers = this.#hasOthers(candidate, call);
      const found = obstacleOf(candidate, call, hasOthers);
      const obstacle: SkipReason | undefined = found instanceof Promise ? await found : found;
      if (obstacle !== undefined) {
        call.log.skip(candidate.name, obstacle);
        continue;
      }
      const { hedge, spillAfterMs = Number.POSITIVE_INFINITY, ...permissions } = this.#settings;
      if (hedge) onAsk?.(hedgeDelay(hedge, candidate.state.forModel(candidate.model(call))));
      const patienceMs = hasOthers ? spillAfterMs : Number.POSITIVE_INFINITY;
      const isLast = () => !this.#hasOthers(candidate, call);
      const reply = await askOrPass(candidate, call, { permissions, hasOthers, isLast, patienceMs, full: this.#full });
      if (reply) return reply;
    }
    return this.#waitForFull(call);
  }

  #hasOthers(candidate: Candidate, call: Call): boolean {
    return this.#order.some((other) => other !== candidate && isWorthIt(other, call));
  }

  /** Those who were asked have more to do than they can: the one that is free first is waited for. */
  async #waitForFull(call: Call): Promise<Reply | undefined> {
    const full = this.#full.splice(0).toSorted((a, b) => waitOf(a, call) - waitOf(b, call));
    const isAway = this.#order.some((other) => !full.includes(other) && isWorthIt(other, call));
    const patienceMs = isAway ? AWAY_PATIENCE_MS : Number.POSITIVE_INFINITY;
    for (const [index, candidate] of full.entries()) {
      const hasOthers = isAway || index < full.length - 1;
      const isLast = () => !this.#hasOthers(candidate, call);
      const how = { permissions: this.#settings, hasOthers, isLast, patienceMs, full: [] };
      const reply = await askOrPass(candidate, call, how);
      if (reply) return reply;
    }
    return undefined;
  }

  #next(call: Call): Candidate | undefined {
    for (;;) {
      if (this.#left.length === 0 && !this.#order.some((each) => !this.#later.includes(each) && isWorthIt(each, call)))
        this.#left.push(...this.#later.splice(0));
      const candidate = this.#left.shift();
      if (!candidate || (isHopeful(candidate, call) && !isResting(candidate, call))) return candidate;
    }
  }
}

function waitOf(candidate: Candidate, call: Call): number {
  return candidate.state.forModel(candidate.model(call)).slots.expectedWaitMs(call.priority);
}

interface AskHow {
  readonly permissions: Permissions;
  readonly hasOthers: boolean;
  /** Whether by now nobody else can serve the call: in a race, others are refused meanwhile. */
  readonly isLast: () => boolean;
  readonly patienceMs: number;
  /** Where those are noted who have no slot for it. */
  readonly full: Candidate[];
}

/** A reply; or nothing, if another provider may be asked. */
async function askOrPass(candidate: Candidate, call: Call, how: AskHow): Promise<Reply | undefined> {
  requireTime(call);
  const provider = candidate.name;
  const goesOn = candidate.way(call) !== undefined;
  const asked = call.log.attempts.length;
  try {
    return await candidate.send({
      ...call,
      provider,
      model: candidate.model(call),
      hasOthers: how.hasOthers,
      patienceMs: how.patienceMs,
      slotWaitMs: 0,
    });
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    if (!ResilientClientError.isInstance(error)) throw error;
    const isNoWay = goesOn && REFUSALS.has(error.code);
    if (isNoWay) {
      call.log.refuse(provider, error);
      if (isAble(candidate, call)) return askOrPass(candidate, call, how);
    }
    // It was kept away, and not refused. Another lane of a race may have asked somebody meanwhile.
    if (!call.log.attempts.slice(asked).some((attempt) => attempt.provider === provider))
      return passOver(error, candidate, call, how);
    if (!isNoWay && endsTheCall(error, call, call.startBy, how.permissions)) throw error;
    return undefined;
  }
}

function passOver(
  error: ResilientClientError,
  candidate: Candidate,
  call: Call,
  { hasOthers, isLast, full }: AskHow,
): undefined {
  const isTooLong = ContextLengthError.isInstance(error);
  // Who failed for good is to be mended first, whoever was asked before.
  const isSkipped = () => !isLast() || hasFailedForGood(call, candidate);
  // What must stay is too much for it, and will be.
  if (isTooLong) call.log.tooLong.add(candidate.name);
  if (CircuitOpenError.isInstance(error)) call.log.skip(candidate.name, "circuit_open");
  else if (isTooLong && isSkipped()) call.log.skip(candidate.name, "window");
  else if (CostLimitError.isInstance(error) && isSkipped()) call.log.skip(candidate.name, "cost_limit");
  else if (QueueFullError.isInstance(error) && hasOthers) {
    call.log.skip(candidate.name, "queue_full");
    full.push(candidate);
  } else throw error;
}

function hasFailedForGood({ log: { failures } }: Call, { name }: Candidate): boolean {
  return [...failures].some(([other, { retryable }]) => other !== name && !retryable);
}
