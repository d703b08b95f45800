import type { ResilientClientError } from "../errors.ts";

/** What `fallback` tells `retry` about a round in which nobody answered. Never leaves the policies. */
export class RoundFailed extends Error {
  /** What the user is told if it stays at that. */
  readonly failure: ResilientClientError;
  /** Whether any provider is worth another round. */
  readonly again: boolean;
  /** When the first of them may be asked again, as they said; milliseconds since the epoch. */
  readonly readyAt: number;

  constructor(failure: ResilientClientError, again: boolean, readyAt: number) {
    super(failure.message);
    this.failure = failure;
    this.again = again;
    this.readyAt = readyAt;
  }
}
