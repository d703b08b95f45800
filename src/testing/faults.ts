/** When a fault strikes. */
export interface FaultTrigger {
  /** Share of the requests it strikes: 0 to 1. @defaultValue 1 */
  readonly rate?: number | undefined;
  /** Strikes only from this time on; milliseconds since the simulator was made. @defaultValue 0 */
  readonly fromMs?: number | undefined;
  /** Strikes only before this time. @defaultValue Infinity */
  readonly untilMs?: number | undefined;
}

/** How a server says when to come back. */
export interface RetryHint {
  /** @defaultValue none: DeepSeek was never seen to send one */
  readonly retryAfterMs?: number | undefined;
  /** `ms`: `retry-after-ms`; `seconds` and `date`: the two forms of `Retry-After`. @defaultValue "seconds" */
  readonly form?: "ms" | "seconds" | "date" | undefined;
}

/** What goes wrong with one request. */
export type Trouble =
  /** 503 with DeepSeek's own words, at once; or another status of the 500s. */
  | ({ readonly kind: "busy"; readonly status?: number | undefined } & RetryHint)
  /** 429, naming the concurrency limit as DeepSeek does. */
  | ({ readonly kind: "rate_limited"; readonly concurrencyLimit?: number | undefined } & RetryHint)
  /** 200 at once, then only keep-alives for so long, then the answer. `Infinity`: DeepSeek's own limit of 600 s ends it. @defaultValue 30_000 */
  | { readonly kind: "queue"; readonly forMs?: number | undefined }
  /** The connection breaks in the middle of the answer. @defaultValue anywhere after the first token */
  | { readonly kind: "cut"; readonly afterTokens?: number | undefined; readonly afterBytes?: number | undefined }
  /** The answer stops coming, and the connection stays open; with `keepAlives`, comments go on. */
  | { readonly kind: "stall"; readonly afterTokens?: number | undefined; readonly keepAlives?: boolean | undefined }
  /** The connection is accepted and nothing ever comes. */
  | { readonly kind: "black_hole" }
  /** No connection: refused or reset at once. */
  | { readonly kind: "outage" };

/** What goes wrong, and when. */
export type Fault = Trouble & FaultTrigger;

/** What one request of a script gets: a fault, whenever it comes, by its kind or in full. */
export type ScriptStep = "ok" | Trouble["kind"] | Trouble;

export function fromScript(step: ScriptStep): Trouble | undefined {
  if (step === "ok") return undefined;
  return typeof step === "string" ? { kind: step } : step;
}

/** The first fault of the list that strikes now. */
export function pickFault(faults: readonly Fault[], elapsedMs: number, random: () => number): Fault | undefined {
  return faults.find(({ rate = 1, fromMs = 0, untilMs = Number.POSITIVE_INFINITY }) => {
    const isTime = elapsedMs >= fromMs && elapsedMs < untilMs;
    // Drawn only when it decides something, so that a fault added for later does not change the ones before.
    return isTime && (rate >= 1 || random() < rate);
  });
}

/** The headers that tell a client when to come back. */
export function hintHeaders({ retryAfterMs, form = "seconds" }: RetryHint, now: number): Record<string, string> {
  if (retryAfterMs === undefined) return {};
  if (form === "ms") return { "retry-after-ms": String(retryAfterMs) };
  if (form === "seconds") return { "retry-after": String(Math.ceil(retryAfterMs / 1000)) };
  // Both have whole seconds, and dates are rounded apart, so that nobody is called back too early.
  const second = (ms: number) => new Date(ms * 1000).toUTCString();
  return { date: second(Math.floor(now / 1000)), "retry-after": second(Math.ceil((now + retryAfterMs) / 1000)) };
}
