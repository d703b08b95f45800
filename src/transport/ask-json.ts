import type { Clock } from "../async/clock.ts";
import type { Progress } from "../call.ts";
import { UnexpectedResponseError } from "../error-family.ts";
import { parseJson } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import type { FailureContext } from "./failure-context.ts";
import { errorFromBody } from "./http-errors.ts";
import { loadHttp } from "./load-http.ts";
import { createBodyReader, readText } from "./read-body.ts";

/** Something a server is asked beside the answers: by GET, for one JSON value. */
export interface Question {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** More of the body is not read. */
  readonly maxBytes: number;
  /** For error messages: who is asked, and what stands there for the model. */
  readonly provider: string;
  readonly model: string;
  readonly secrets: readonly string[];
}

/** With these a server says that it has no such thing. */
const NO_SUCH_THING: ReadonlySet<number> = new Set([400, 404, 405, 501]);

/** Nobody waits for its bytes one by one. */
const NOBODY: Progress = { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} };

/**
 * Asks once. `undefined`: the server has no such thing, or what it says is no JSON.
 * @throws ConnectionError and the other errors of a request that failed; the signal's own reason
 */
export async function askJson(question: Question): Promise<unknown> {
  const { url, signal, fetch, clock, provider, model, secrets } = question;
  const { sendRequest } = await loadHttp();
  const headers = { ...question.headers, accept: "application/json" };
  const response = await sendRequest({ url, headers, body: undefined, signal, fetch, provider, model, secrets });
  const context: FailureContext = { provider, model, secrets, status: response.status };
  const body = createBodyReader(response, signal, clock, NOBODY, context);
  const text = await readText(body, question.maxBytes);
  if (NO_SUCH_THING.has(response.status)) return undefined;
  if (!response.ok) throw errorFromBody(text, context);
  if (body.size >= question.maxBytes) {
    const message = `${whoIs(context)} sent more than ${question.maxBytes} bytes where a short list was due.`;
    throw new UnexpectedResponseError(message, { provider, model, status: response.status });
  }
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
