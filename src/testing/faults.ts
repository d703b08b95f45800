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
  /** When to come back, from now. Milliseconds. @defaultValue none: DeepSeek was never seen to send one */
  readonly retryAfterMs?: number | undefined;
  /** `ms`: `retry-after-ms`; `seconds` and `date`: the two forms of `Retry-After`. @defaultValue "seconds" */
  readonly form?: "ms" | "seconds" | "date" | undefined;
}

/** Where in an answer; tokens of the thinking count. @inline */
interface AtToken {
  /** @defaultValue anywhere from the first token on */
  readonly afterTokens?: number | undefined;
}

/** @inline */
interface WithStatus {
  readonly status?: number | undefined;
}

/** What goes wrong with one request. */
export type Trouble =
  /** 503 with DeepSeek's own words, at once; or another status of the 500s, or 200 with the same body. */
  | ({ readonly kind: "busy" } & WithStatus & RetryHint)
  /** 429, naming the concurrency limit as DeepSeek does. */
  | ({ readonly kind: "rate_limited"; readonly concurrencyLimit?: number | undefined } & RetryHint)
  /** 200 at once, then only keep-alives for so long (usually 30_000), then the answer. `Infinity`: DeepSeek's own limit of 600 s ends it. */
  | { readonly kind: "queue"; readonly forMs?: number | undefined }
  /** The connection breaks in the middle of the answer, usually anywhere after the first token; beyond its end it does not. */
  | { readonly kind: "cut"; readonly afterTokens?: number | undefined; readonly afterBytes?: number | undefined }
  /** The answer stops coming, and the connection stays open; with `keepAlives`, comments go on. */
  | { readonly kind: "stall"; readonly afterTokens?: number | undefined; readonly keepAlives?: boolean | undefined }
  /** The connection is accepted and nothing ever comes. */
  | { readonly kind: "black_hole" }
  /** No connection: refused or reset at once. With `fromMs`, streams that run then break as well. */
  | { readonly kind: "outage" }
  | RefusedTrouble
  | SpoiledTrouble;

/** The request is refused, whatever it asks. @inline */
type RefusedTrouble =
  /** HTML of a CDN or a firewall. `status`: from 200. @defaultValue 503 */
  | ({ readonly kind: "web_page" } & WithStatus)
  /** A proxy's own words. `status`: from 200. @defaultValue 502 */
  | ({ readonly kind: "plain_text" } & WithStatus)
  | { readonly kind: "authentication" | "insufficient_balance" | "permission" }
  /** 400 with the numbers of the window and of the request. @defaultValue as recorded: 1_048_565 and 1_250_025 */
  | {
      readonly kind: "context_length";
      readonly maxTokens?: number | undefined;
      readonly requestedTokens?: number | undefined;
    }
  /** 400 "Content Exists Risk"; with `afterTokens` the answer ends there with that finish reason. */
  | { readonly kind: "content_filter"; readonly afterTokens?: number | undefined }
  /** @defaultValue status 400 */
  | { readonly kind: "invalid_request"; readonly status?: 400 | 422 | undefined };

/** HTTP 200, and something is wrong with the answer. @inline */
type SpoiledTrouble =
  /** The answer stops with this finish reason. @defaultValue reason "insufficient_system_resource" */
  | ({ readonly kind: "finish"; readonly reason?: string | undefined } & AtToken)
  | ({ readonly kind: "in_stream_error" } & InStreamError)
  /** The body ends in order, without a finish reason; with `done`, after a `[DONE]`. */
  | ({ readonly kind: "end"; readonly done?: boolean | undefined } & AtToken)
  /** Nothing to read: finish `stop` at once, or a body of newlines. @defaultValue what "nothing" */
  | { readonly kind: "empty"; readonly what?: "nothing" | "whitespace" | "reasoning" | "newlines" | undefined }
  /**
   * The answer never comes to its end: after so many tokens (usually 20) it says the same few words again and again, or thinks them, or
   * sends blank space, until `max_tokens`, or 4_000 more. @defaultValue what "text"
   */
  | {
      readonly kind: "loop";
      readonly what?: "text" | "reasoning" | "blanks" | undefined;
      readonly afterTokens?: number | undefined;
    }
  /**
   * `tool_call`: arguments that are no JSON. `markup`: a tool call as text. `event`: data that is no JSON. `bytes`: no
   * UTF-8 in the middle of the text. @defaultValue what "tool_call"
   */
  | { readonly kind: "malformed"; readonly what?: "tool_call" | "markup" | "event" | "bytes" | undefined };

/** An error after HTTP 200. One JSON body holds nothing else. @inline */
export interface InStreamError extends AtToken, WithStatus {
  /** Of its own, within the choice, or as `event: error`. @defaultValue "event" */
  readonly level?: "event" | "choice" | "named" | undefined;
  /** Not in the middle, but after the finish reason. @defaultValue false */
  readonly afterFinish?: boolean | undefined;
  /** How the status (503) is told: `code: 503`, `code: "503"`, or only in the message. @defaultValue "number" */
  readonly as?: "number" | "string" | "text" | undefined;
}

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
