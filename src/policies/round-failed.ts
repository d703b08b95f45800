import type { ResilientClientError } from "../errors.ts";
import type { WaitReason } from "../events.ts";

/** What came of a round in which nobody answered. */
interface Outlook {
  /** Whether any provider is worth another round. */
  readonly again: boolean;
  /** When the first of them may be asked again, as they said; milliseconds since the epoch, 0 when nobody said. */
  readonly readyAt: number;
  /** What is waited for until then. */
  readonly waitsFor: WaitReason;
}

/** What `fallback` tells `retry` about a round in which nobody answered. Never leaves the policies. */
export class RoundFailed extends Error {
  /** What the user is told if it stays at that. */
  readonly failure: ResilientClientError;
  readonly again: boolean;
  readonly readyAt: number;
  readonly waitsFor: WaitReason;

  constructor(failure: ResilientClientError, { again, readyAt, waitsFor }: Outlook) {
    super(failure.message);
    this.failure = failure;
    this.again = again;
    this.readyAt = readyAt;
    this.waitsFor = waitsFor;
  }
}
