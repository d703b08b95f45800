import {
  type AnswerPlan,
  errorExchange,
  jsonExchange,
  keepAliveStep,
  outputTokens,
  streamExchange,
  type Timing,
} from "./deepseek-dialect.ts";
import {
  cannotDeserialize,
  notFound,
  type SimulatedError,
  serverBusy,
  tooManyRequests,
  wrongKey,
} from "./deepseek-errors.ts";
import { breakOff, type Exchange, type Step, writeStep } from "./exchange.ts";
import { hintHeaders, type Trouble } from "./faults.ts";
import { hex, type Mind, planAnswer } from "./plan-answer.ts";
import { checkRules, type WireBody } from "./request-rules.ts";
import type { IncomingRequest } from "./simulated-fetch.ts";

/** DeepSeek ends a request that waited this long in its queue. */
const QUEUE_LIMIT_MS = 600_000;
const KEEP_ALIVE_MS = 12_000;

/** The server's side of every request. */
export interface ServerFacts {
  /** The one accepted key; `undefined`: any. */
  readonly apiKey: string | undefined;
  readonly models: readonly string[];
  readonly window: number;
  readonly timing: Timing;
  readonly mind: Mind;
}

/** What the server does with a request. */
export interface Served {
  readonly exchange: Exchange;
  readonly traceId: string;
  readonly body: WireBody;
  /** What it set out to say; `undefined` when it refused. */
  readonly plan: AnswerPlan | undefined;
}

/** Routing, the API's rules, the answer, and then the trouble. */
export function serveRequest(
  request: IncomingRequest,
  facts: ServerFacts,
  trouble: Trouble | undefined,
  now: number,
): Served {
  const { mind, timing } = facts;
  const body = parseBody(request.body);
  const refuse = (error: SimulatedError, hints = {}): Served => {
    const traceId = hex(mind.random, 32);
    return { exchange: errorExchange(error, traceId, timing, hints), traceId, body: body ?? {}, plan: undefined };
  };
  if (trouble?.kind === "busy") return refuse(serverBusy(trouble.status ?? 503), hintHeaders(trouble, now));
  if (trouble?.kind === "rate_limited") {
    return refuse(tooManyRequests(trouble.concurrencyLimit ?? 25), hintHeaders(trouble, now));
  }
  const key = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  if (key === "" || (facts.apiKey !== undefined && key !== facts.apiKey)) return refuse(wrongKey(key));
  const route = `${request.method} ${request.path.replace(/^\/(?:v1|beta)(?=\/)/, "")}`;
  if (route === "GET /models")
    return { ...serveModels(facts), traceId: hex(mind.random, 32), body: {}, plan: undefined };
  if (route !== "POST /chat/completions") return refuse(notFound());
  if (!body) return refuse(cannotDeserialize("expected value at line 1 column 1"));
  const wrong = checkRules(body, {
    isBeta: request.path.startsWith("/beta/"),
    models: facts.models,
    window: facts.window,
  });
  if (wrong) return refuse(wrong);

  const plan = planAnswer(body, mind, now);
  const isStream = body["stream"] === true;
  const includeUsage = (body["stream_options"] as { include_usage?: unknown } | undefined)?.include_usage === true;
  const exchange = isStream ? streamExchange(plan, timing, includeUsage) : jsonExchange(plan, timing);
  return { exchange: disturb(exchange, trouble, plan, facts, isStream), traceId: plan.traceId, body, plan };
}

function disturb(
  exchange: Exchange,
  trouble: Trouble | undefined,
  plan: AnswerPlan,
  facts: ServerFacts,
  isStream: boolean,
): Exchange {
  const { body } = exchange;
  const everyMs = facts.timing.keepAliveMs ?? KEEP_ALIVE_MS;
  switch (trouble?.kind) {
    case "queue": {
      const queued = keepAliveStep(isStream, everyMs, Math.min(trouble.forMs, QUEUE_LIMIT_MS));
      // Past its limit the server closes the connection, cleanly and without a word.
      return { ...exchange, body: trouble.forMs > QUEUE_LIMIT_MS ? [queued] : [queued, ...body] };
    }
    case "cut":
      return { ...exchange, body: breakOff(body, placeOf(trouble, body, plan, facts.mind.random), [{ type: "cut" }]) };
    case "stall": {
      const silence: Step = trouble.keepAlives
        ? keepAliveStep(isStream, everyMs, Number.POSITIVE_INFINITY)
        : { type: "hang" };
      return { ...exchange, body: breakOff(body, placeOf(trouble, body, plan, facts.mind.random), [silence]) };
    }
    case "black_hole":
      return { ...exchange, before: [{ type: "hang" }] };
    case "outage":
      return { ...exchange, before: [{ type: "cut" }] };
    default:
      return exchange;
  }
}

/** Where it breaks: where it was told to, or anywhere between the first token and the last byte. */
function placeOf(
  trouble: { readonly afterTokens?: number | undefined; readonly afterBytes?: number | undefined },
  body: readonly Step[],
  plan: AnswerPlan,
  random: () => number,
): { readonly afterTokens?: number | undefined; readonly afterBytes?: number | undefined } {
  if (trouble.afterTokens !== undefined || trouble.afterBytes !== undefined) return trouble;
  const writes = body.filter((step) => step.type === "write");
  const bytes = writes.reduce((sum, step) => sum + step.bytes.length, 0);
  if (outputTokens(plan) === 0) return { afterBytes: Math.floor(random() * bytes) };
  const first = writes.findIndex((step) => step.tokens > 0);
  const head = writes.length === 1 ? 0 : writes.slice(0, first + 1).reduce((sum, step) => sum + step.bytes.length, 0);
  return { afterBytes: head + 1 + Math.floor(random() * (bytes - head - 1)) };
}

function serveModels({ models, timing }: ServerFacts): { exchange: Exchange } {
  const data = models.map((id) => ({ id, object: "model", owned_by: "deepseek" }));
  const exchange = errorExchange({ status: 200, body: "", contentType: "application/json" }, "", timing);
  return { exchange: { ...exchange, body: [writeStep(JSON.stringify({ object: "list", data }))] } };
}

function parseBody(text: string): WireBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as WireBody) : undefined;
  } catch {
    return undefined;
  }
}
