import { errorExchange, jsonExchange, streamExchange, type Timing } from "./answer-exchange.ts";
import type { AnswerPlan } from "./answer-plan.ts";
import type { Admit, Place } from "./capacity.ts";
import { deepseekDialect } from "./deepseek-dialect.ts";
import {
  cannotDeserialize,
  invalidRequest,
  notFound,
  onlyInBeta,
  type SimulatedError,
  serverBusy,
  tooManyRequests,
  wrongKey,
} from "./deepseek-errors.ts";
import type { Dialect, Json } from "./dialect.ts";
import { disturbExchange, queueExchange } from "./disturb-exchange.ts";
import type { Exchange, Step } from "./exchange.ts";
import { hintHeaders, type RetryHint, type Trouble } from "./faults.ts";
import { checkGap, planGap, tellAsText } from "./fill-gap.ts";
import { asLines, type Framing, frameExchange, frameKeepAlive, writeInPieces } from "./framing.ts";
import { type ModelShelf, servable } from "./model-shelf.ts";
import { hex, type Mind, planAnswer } from "./plan-answer.ts";
import { refuseByTrouble } from "./refuse-by-trouble.ts";
import { checkBasics, checkRules, type RawBody } from "./request-rules.ts";
import type { IncomingRequest } from "./simulated-fetch.ts";
import { spoilExchange } from "./spoil-exchange.ts";
import { spoilPlan } from "./spoil-plan.ts";

const ROUTES = /^.*?\/?(v1|beta)?(\/(?:api\/chat|chat\/completions|completions|models|user\/balance))$/;

/** As documented: amounts are texts. */
const BALANCE: Json = {
  is_available: true,
  balance_infos: [{ currency: "USD", total_balance: "2.30", granted_balance: "0.00", topped_up_balance: "2.30" }],
};

/** The server's side of every request. */
export interface ServerFacts {
  /** The one accepted key; `undefined`: any. */
  readonly apiKey: string | undefined;
  /** `undefined`: any. */
  readonly models: readonly string[] | undefined;
  readonly window: number;
  readonly timing: Timing;
  readonly mind: Mind;
  /** Where faults break what they break: apart from the answers, which they must not change. */
  readonly chance: () => number;
  /** @defaultValue DeepSeek's own */
  readonly dialect?: Dialect | undefined;
  readonly framing?: Framing | undefined;
  readonly admit?: Admit | undefined;
  /** Of a local server. */
  readonly shelf?: ModelShelf | undefined;
}

/** What the server does with a request. */
export interface Served {
  readonly exchange: Exchange;
  readonly traceId: string;
  readonly body: RawBody;
  /** What it set out to say; `undefined` when it refused. */
  readonly plan: AnswerPlan | undefined;
  /** What it must leave when it is over. */
  readonly place?: Place | undefined;
}

/** The trouble that spares nobody, routing, the API's rules, the answer, and then the trouble with it. */
export function serveRequest(
  request: IncomingRequest,
  facts: ServerFacts,
  trouble: Trouble | undefined,
  now: number,
): Served {
  const { mind, timing, dialect: usual = deepseekDialect } = facts;
  const dialect = usual.own?.path.test(request.path) ? usual.own.dialect : usual;
  const body = parseBody(request.body);
  const traceId = hex(mind.ids, 32);
  const refuse = (error: SimulatedError, hints = {}): Served => {
    return {
      exchange: errorExchange(error, traceId, timing, hints, dialect),
      traceId,
      body: body ?? {},
      plan: undefined,
    };
  };
  if (trouble?.kind === "outage" || trouble?.kind === "black_hole") {
    const before: Step = trouble.kind === "outage" ? { type: "cut" } : { type: "hang" };
    return {
      exchange: { before: [before], status: 0, headers: {}, body: [] },
      traceId,
      body: body ?? {},
      plan: undefined,
    };
  }
  const key = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const refusal = refuseByTrouble(trouble, key);
  if (refusal) return refuse(refusal, hintHeaders(trouble as RetryHint, now));
  const isKnown = key !== "" || !dialect.needsKey;
  if (!isKnown || (facts.apiKey !== undefined && key !== facts.apiKey)) return refuse(wrongKey(key));
  const [, version, route] = ROUTES.exec(request.path) ?? [];
  const told = request.method === "GET" ? tell(request.path, route, facts) : undefined;
  if (told) return tellOf(told, facts, trouble, now, traceId);
  const isGap = route === "/completions";
  if (!(isGap || route === (dialect.isLines ? "/api/chat" : "/chat/completions")) || request.method !== "POST")
    return refuse(notFound());
  if (!body) return refuse(cannotDeserialize("expected value at line 1 column 1"));
  const { models } = facts;
  const { body: chat, window } = dialect.asChat?.(body, facts.window) ?? { body, window: facts.window };
  const isBeta = version === "beta";
  if (isGap && dialect.isStrict && !isBeta) return refuse(onlyInBeta("completions"));
  const check = isGap ? checkGap : dialect.isStrict ? checkRules : checkBasics;
  const wrong = check(chat, { isBeta, models, window });
  if (wrong) return refuse(wrong);
  const notLoaded = facts.shelf && usual.local?.load(String(body["model"]), facts.shelf);
  if (notLoaded) return refuse(notLoaded);
  const place = facts.admit?.();
  if (place === "busy") return refuse(serverBusy(503));
  if (place && "concurrencyLimit" in place) return refuse(tooManyRequests(place.concurrencyLimit));
  try {
    const speaking = { ...facts, dialect: isGap ? tellAsText(dialect) : dialect };
    const plan = (isGap ? planGap : planAnswer)(chat, mind, now, dialect);
    return { ...answer({ ...plan, traceId }, chat, speaking, trouble, place), plan: { ...plan, traceId }, body };
  } catch (error) {
    place?.leave();
    // The user's own function: a test should fail at once, and say why.
    return refuse(invalidRequest(`The simulator's own answer() failed: ${String((error as Error | null)?.message)}`));
  }
}

/** An answer on its way, with all that is to go wrong with it. */
function answer(
  plan: AnswerPlan,
  body: RawBody,
  facts: ServerFacts,
  trouble: Trouble | undefined,
  place: Place | undefined,
): Served {
  const { timing, chance, dialect = deepseekDialect, framing = {} } = facts;
  const { traceId } = plan;
  const isStream = body["stream"] === true;
  const includeUsage = (body["stream_options"] as { include_usage?: unknown } | undefined)?.include_usage === true;
  const said = spoilPlan(plan, trouble, body, chance);
  const exchange = isStream ? streamExchange(said, timing, includeUsage, dialect) : jsonExchange(said, timing, dialect);
  const written = { exchange, plan: said, isStream, dialect, keepAliveMs: timing.keepAliveMs };
  const spoiled = spoilExchange(written, trouble, chance);
  const isLines = isStream && dialect.isLines === true;
  const laidOut = frameExchange(spoiled, framing, isStream && !isLines);
  const framed = isLines ? asLines(laidOut, framing) : laidOut;
  const broken = disturbExchange({ ...written, exchange: framed }, trouble, chance);
  const disturbed = queueExchange({ ...written, exchange: broken }, place?.turn);
  const steps = isStream ? disturbed.body.map((step) => frameKeepAlive(step, framing)) : disturbed.body;
  return { exchange: writeInPieces({ ...disturbed, body: steps }, framing), traceId, body, plan: undefined, place };
}

/** What can be had by a GET. */
function tell(path: string, route: string | undefined, facts: ServerFacts): Json | undefined {
  const { shelf, models = [], dialect = deepseekDialect } = facts;
  const own = shelf && dialect.local?.list(path, shelf);
  if (own) return own;
  if (route === "/models") {
    const data = (shelf ? servable(shelf) : models).map((id) => ({ id, object: "model", owned_by: "deepseek" }));
    return { object: "list", data };
  }
  return route === "/user/balance" && dialect.isStrict ? BALANCE : undefined;
}

/** One JSON body, of which all may go wrong that may go wrong with one. */
function tellOf(json: Json, facts: ServerFacts, trouble: Trouble | undefined, now: number, traceId: string): Served {
  const { dialect = deepseekDialect } = facts;
  const nothing = { thinks: false, reasoning: "", content: "", toolCalls: [], finishReason: null, promptTokens: 0 };
  const plan = { id: "", traceId, created: Math.floor(now / 1000), model: "", ...nothing };
  // It has neither tool calls nor text to be broken.
  const own: Trouble | undefined = trouble?.kind === "malformed" ? { kind: "malformed", what: "event" } : trouble;
  return answer(plan, {}, { ...facts, dialect: { ...dialect, completion: () => json } }, own, undefined);
}

function parseBody(text: string): RawBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as RawBody) : undefined;
  } catch {
    return undefined;
  }
}
