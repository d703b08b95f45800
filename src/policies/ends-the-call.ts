import type { Call } from "../call.ts";
import type { ResilientClientError } from "../errors.ts";

/** What the user permits to be tried elsewhere. */
export interface Permissions {
  /** Failures that normally end the call, but may be tried elsewhere. */
  readonly allowElsewhere: readonly ("content_filter" | "guard")[];
}

/**
 * Whether a failure is the call's last word: every provider would repeat it, the caller must decide about it, or the
 * call's own time is over. `until`: when the time for what was tried ends. A provider's own time limit ends nothing.
 */
export function endsTheCall(
  error: ResilientClientError,
  { clock }: Call,
  until: number,
  { allowElsewhere }: Permissions,
): boolean {
  switch (error.code) {
    case "content_filter":
    case "guard":
      return !allowElsewhere.includes(error.code);
    case "invalid_request":
      return !(error as { unknownModel?: boolean }).unknownModel;
    case "cost_limit":
      // Whoever goes on costs more.
      return true;
    case "timeout":
      return clock.now() >= until;
    default:
      return false;
  }
}
