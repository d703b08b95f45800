/** JSON of a server's: nothing about it is certain. */
export type Fields = Readonly<Record<string, unknown>>;

/** One answer of the server's, as the wire brought it. */
export interface Answer {
  /** Where it was asked. */
  readonly path: string;
  /** `undefined`: there was no answer, and `said` tells why. */
  readonly status: number | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, when it was JSON. */
  readonly json: unknown;
  /** What stood behind each `data:`, parsed where it was JSON; `"[DONE]"` is a text. */
  readonly events: readonly unknown[];
  /** Whether something came that only keeps a connection alive: comments, or lines without anything. */
  readonly keepAlives: readonly string[];
  /** The error's message, or the body, fit to be shown: at most 300 characters, keys masked. */
  readonly said: string;
  /** Whether we closed the connection before the end. */
  readonly isLeft: boolean;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `at(json, "choices", 0, "message")`: what stands there, or `undefined`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    const next: unknown = typeof here === "object" && here !== null ? (here as Fields)[step] : undefined;
    here = next;
  }
  return here;
}

export function isSuccess({ status }: Answer): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** The message of a whole answer. */
export function messageOf(answer: Answer | undefined): Fields {
  const message = at(answer?.json, "choices", 0, "message");
  return isFields(message) ? message : {};
}

export function textOf(answer: Answer | undefined): string {
  const { content } = messageOf(answer);
  return typeof content === "string" ? content : "";
}

export function finishOf(answer: Answer | undefined): unknown {
  return at(answer?.json, "choices", 0, "finish_reason") ?? at(finishChunk(answer), "choices", 0, "finish_reason");
}

/** The usage of an answer, whole or streamed. */
export function usageOf(answer: Answer | undefined): Fields {
  const found = [answer?.json, ...(answer?.events ?? [])].map((json) => at(json, "usage")).findLast(isFields);
  return found ?? {};
}

export function countOf(answer: Answer | undefined, field: string): number | undefined {
  const count = usageOf(answer)[field];
  return typeof count === "number" ? count : undefined;
}

/** Which model says that it answered. */
export function servedBy(answer: Answer | undefined): string {
  const model = at(answer?.json, "model");
  return typeof model === "string" ? model : "(no name)";
}

/** The chunk with the finish reason. */
export function finishChunk(answer: Answer | undefined): unknown {
  return answer?.events.find((event) => typeof at(event, "choices", 0, "finish_reason") === "string");
}

/** What a model said, for one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text);
}
