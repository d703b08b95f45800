import type { Clock } from "../async/clock.ts";
import type { Ending } from "../attempt-log.ts";
import type { ErrorCode } from "../error-codes.ts";

/** What is known of one provider, as plain data. */
export interface ProviderHealth {
  readonly provider: string;
  /** Requests in flight right now. */
  readonly inFlight: number;
  /** Answers that came to their end, since the client was made. */
  readonly succeeded: number;
  /** Requests that failed before or in their answer. */
  readonly failed: number;
  /** The provider asked not to be called before this time; milliseconds since the epoch. */
  readonly notBefore?: number;
  readonly lastSuccessAt?: number;
  readonly lastFailure?: { readonly code: ErrorCode; readonly at: number };
}

/** What all calls of a client share about one provider. Local and synchronous. */
export interface ProviderState {
  /** The provider asked not to be called before this time; milliseconds since the epoch, 0 if it did not. */
  readonly notBefore: number;
  /** A request begins. The returned function ends it; only its first call counts. */
  begin(): (ending: Ending) => void;
  health(): ProviderHealth;
}

export function createProviderState(provider: string, clock: Clock): ProviderState {
  let inFlight = 0;
  let succeeded = 0;
  let failed = 0;
  let notBefore = 0;
  let lastSuccessAt: number | undefined;
  let lastFailure: ProviderHealth["lastFailure"];

  const note = ({ outcome, error }: Ending) => {
    inFlight -= 1;
    if (outcome === "succeeded") {
      succeeded += 1;
      lastSuccessAt = Math.round(clock.now());
    }
    if (outcome !== "failed" || !error) return;
    failed += 1;
    lastFailure = { code: error.code, at: Math.round(clock.now()) };
    // Only ever extended: an older, shorter wish must not undercut a newer one. What is wrong with one request (a 400)
    // is no reason to keep the others away.
    const { retryable, retryAt } = error;
    if (retryable && retryAt !== undefined && Number.isFinite(retryAt)) notBefore = Math.max(notBefore, retryAt);
  };

  return {
    get notBefore() {
      return notBefore;
    },
    begin() {
      inFlight += 1;
      let open = true;
      return (ending) => {
        if (open) note(ending);
        open = false;
      };
    },
    health: () => ({
      provider,
      inFlight,
      succeeded,
      failed,
      ...(notBefore > clock.now() && { notBefore: Math.round(notBefore) }),
      ...(lastSuccessAt !== undefined && { lastSuccessAt }),
      ...(lastFailure && { lastFailure }),
    }),
  };
}
