import { type AnswerPlan, outputTokens } from "./answer-plan.ts";
import { deepseekDialect } from "./deepseek-dialect.ts";
import type { SimulatedError } from "./deepseek-errors.ts";
import { type Dialect, DONE } from "./dialect.ts";
import { type Exchange, type Step, writeStep } from "./exchange.ts";

/** How fast the simulated server is; milliseconds. */
export interface Timing {
  /** From the request to the response headers. @defaultValue 0 */
  readonly headersMs?: number | undefined;
  /** From the headers to the first token. @defaultValue 0 */
  readonly headMs?: number | undefined;
  /** Between tokens. @defaultValue 0 */
  readonly tokenMs?: number | undefined;
  /** Between keep-alives while a request is queued. @defaultValue 12_000, as seen at DeepSeek */
  readonly keepAliveMs?: number | undefined;
}

/** As seen at DeepSeek. */
export const KEEP_ALIVE_MS = 12_000;

/** Server-sent events in the words of a host, then `[DONE]`. */
export function streamExchange(
  plan: AnswerPlan,
  timing: Timing,
  includeUsage: boolean,
  dialect: Dialect = deepseekDialect,
): Exchange {
  const { tokenMs = 0, headMs = 0 } = timing;
  let hasSpoken = false;
  const paced = dialect.events(plan, includeUsage).flatMap((event): Step[] => {
    const waits = hasSpoken && event.tokens > 0 && tokenMs > 0;
    hasSpoken ||= event.tokens > 0;
    return waits ? [{ type: "wait", ms: tokenMs }, event] : [event];
  });
  return {
    before: waitSteps(timing.headersMs),
    status: 200,
    headers: { "content-type": "text/event-stream; charset=utf-8", ...dialect.headers(plan) },
    body: [...patientSteps(true, headMs, timing, dialect), ...paced, writeStep(DONE)],
  };
}

/** One JSON body, after as long as the stream would have taken. */
export function jsonExchange(plan: AnswerPlan, timing: Timing, dialect: Dialect = deepseekDialect): Exchange {
  const { tokenMs = 0, headMs = 0 } = timing;
  const tokens = outputTokens(plan);
  return {
    before: waitSteps(timing.headersMs),
    status: 200,
    headers: { "content-type": "application/json", ...dialect.headers(plan) },
    body: [
      ...patientSteps(false, headMs + tokenMs * Math.max(0, tokens - 1), timing, dialect),
      writeStep(JSON.stringify(dialect.completion(plan)), tokens),
    ],
  };
}

export function errorExchange(
  error: SimulatedError,
  traceId: string,
  timing: Timing,
  hints: Exchange["headers"] = {},
  dialect: Dialect = deepseekDialect,
): Exchange {
  const { status, contentType, body } = dialect.error(error);
  return {
    before: waitSteps(timing.headersMs),
    status,
    headers: { "content-type": contentType, ...dialect.headers({ traceId }), ...hints },
    body: [writeStep(body)],
  };
}

/** While a request is queued the connection stays open: comments in a stream, blank lines before a JSON body. */
export function keepAliveStep(
  isStream: boolean,
  everyMs: number,
  forMs: number,
  { keepAlive }: Dialect = deepseekDialect,
): Step {
  const { bytes } = writeStep(isStream || keepAlive === "" ? keepAlive : "\n");
  return { type: "keep-alive", bytes, everyMs: Math.max(1, everyMs), forMs };
}

/** A wait for the first token, with the keep-alives that fall into it. */
function patientSteps(
  isStream: boolean,
  ms: number,
  { keepAliveMs = KEEP_ALIVE_MS }: Timing,
  dialect: Dialect,
): Step[] {
  if (ms <= keepAliveMs || dialect.keepAlive === "") return waitSteps(ms);
  return [...waitSteps(keepAliveMs), keepAliveStep(isStream, keepAliveMs, ms - keepAliveMs, dialect)];
}

function waitSteps(ms = 0): Step[] {
  return ms > 0 ? [{ type: "wait", ms }] : [];
}
