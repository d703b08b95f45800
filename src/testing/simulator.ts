import { type Clock, systemClock } from "../async/clock.ts";
import type { Timing } from "./answer-exchange.ts";
import { checkFaults, checkScript, checkSimulatorOptions } from "./check-simulator-options.ts";
import type { SimulatedAnswer } from "./compose-answer.ts";
import { type Played, playExchange } from "./exchange.ts";
import { type Fault, fromScript, pickFault, type ScriptStep, type Trouble } from "./faults.ts";
import { createMswHandlers, type MswHttp } from "./msw-handlers.ts";
import type { ScriptedAnswer } from "./plan-answer.ts";
import type { WireBody } from "./request-rules.ts";
import { seededRandom } from "./seeded-random.ts";
import { type ServerFacts, serveRequest } from "./serve-request.ts";
import { createSimulatedFetch, type Serve } from "./simulated-fetch.ts";
import { type SimulatedServer, startServer } from "./simulated-server.ts";

export interface SimulatorOptions {
  /** The same seed gives the same answers and faults. A whole number. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** Give the client the same one; `listen()` needs the system's. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
  /** The one key it accepts. @defaultValue any key that is not empty */
  readonly apiKey?: string | undefined;
  /** @defaultValue ["deepseek-flash", "deepseek-v4-pro"] */
  readonly models?: readonly string[] | undefined;
  /** Context window in tokens. @defaultValue 1_048_576 */
  readonly window?: number | undefined;
  readonly timing?: Timing | undefined;
  /** Length of an answer, roughly. @defaultValue 40 */
  readonly answerTokens?: number | undefined;
  /** Your own answers, but for continuations of a prefix. What it throws comes back as a 400. @defaultValue invented ones, each in a different wording */
  readonly answer?: ((request: WireBody) => ScriptedAnswer) | undefined;
  /** What the first requests get, one each; the ones after them get `faults`. */
  readonly script?: readonly ScriptStep[] | undefined;
  /** What goes wrong, by rate and time; the first that strikes counts. */
  readonly faults?: readonly Fault[] | undefined;
}

/** One request the simulator was asked. */
export interface SimulatedRequest {
  /** The `x-ds-trace-id` of its response. */
  readonly traceId: string;
  readonly method: string;
  /** Milliseconds since the simulator was made. */
  readonly atMs: number;
  readonly path: string;
  readonly body: WireBody;
  /** What went wrong with it on purpose. */
  readonly fault: Fault["kind"] | undefined;
  /** `undefined`: there was no response. */
  readonly status: number | undefined;
  /** What the server set out to say in this response; `undefined` when it said no. */
  readonly answer: SimulatedAnswer | undefined;
  /** Tokens sent so far. */
  readonly tokens: number;
  /** `finished`: all was sent. `cut`: the server broke it off, or closed its queue. `left`: the client did, or `close()`. */
  readonly outcome: "open" | Played;
}

export interface SimulatorStats {
  readonly requests: number;
  readonly inFlight: number;
  /** Tokens sent in all. */
  readonly tokensMade: number;
  /** Tokens of answers that were not sent to their end. */
  readonly tokensWasted: number;
}

/** A DeepSeek that misbehaves on purpose. */
export interface Simulator extends AsyncDisposable {
  /** Answers in memory: pass it as the client's `fetch`. */
  readonly fetch: typeof globalThis.fetch;
  /** Answers over real HTTP on loopback, until `close()`. Node only. */
  listen(): Promise<SimulatedServer>;
  /** Answers through msw: `setupServer(...simulator.handlers(http))`. @param baseURL defaults to `https://api.deepseek.com` */
  handlers<Handler>(http: MswHttp<Handler>, baseURL?: string): Handler[];
  /** What the next requests get, one each, after what is scripted already. */
  script(...steps: readonly ScriptStep[]): void;
  /** Replaces the faults. */
  setFaults(faults: readonly Fault[]): void;
  /** Every request so far, oldest first. */
  readonly requests: readonly SimulatedRequest[];
  readonly stats: SimulatorStats;
  /**
   * Whether a text is one answer from its first to its last character, and no splice of two. Answers shortened by `stop`
   * or `max_tokens` are not whole.
   */
  isWholeAnswer(content: string): boolean;
  /** Ends its servers. */
  close(): Promise<void>;
}

/**
 * @example
 * const simulator = createSimulator({ script: ["busy", "busy"] });
 * const client = createResilientClient({ apiKey: "sk-any", fetch: simulator.fetch });
 * @throws InvalidOptionsError for an unknown option, or a value out of range.
 */
export function createSimulator(options: SimulatorOptions = {}): Simulator {
  checkSimulatorOptions(options);
  const { clock = systemClock } = options;
  const answers: SimulatedAnswer[] = [];
  const script = [...(options.script ?? [])];
  let faults = options.faults ?? [];
  const requests: Mutable<SimulatedRequest>[] = [];
  const servers: SimulatedServer[] = [];

  const draw = (atMs: number, chance: () => number) => {
    const step = script.shift();
    return step === undefined ? pickFault(faults, atMs, chance) : fromScript(step);
  };
  const serve = createServe(options, clock, answers, requests, draw);
  const fetch = createSimulatedFetch(serve);
  const close = async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  };
  return {
    fetch,
    async listen() {
      const server = await startServer(serve);
      servers.push(server);
      return server;
    },
    handlers: (http, baseURL) => createMswHandlers(http, fetch, baseURL),
    script(...steps) {
      checkScript(steps, "script");
      script.push(...steps);
    },
    setFaults(next) {
      checkFaults(next, "faults");
      faults = next;
    },
    requests,
    get stats() {
      return addUp(requests);
    },
    isWholeAnswer: (content) => content !== "" && answers.some((answer) => answer.content === content),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Answers each request and keeps the record of it. */
function createServe(
  options: SimulatorOptions,
  clock: Clock,
  answers: SimulatedAnswer[],
  requests: Mutable<SimulatedRequest>[],
  draw: (atMs: number, chance: () => number) => Trouble | undefined,
): Serve {
  const { seed = 1, answerTokens = 40, answer } = options;
  const facts: ServerFacts = {
    apiKey: options.apiKey,
    models: options.models ?? ["deepseek-flash", "deepseek-v4-pro"],
    window: options.window ?? 1_048_576,
    timing: options.timing ?? {},
    mind: { answers, random: seededRandom(seed), ids: seededRandom(seed + 2), answerTokens, answer },
    // Faults draw from a source of their own, so that they do not change the answers.
    chance: seededRandom(seed + 1),
  };
  const startedAt = clock.now();

  return async (request, stage, signal) => {
    const atMs = clock.now() - startedAt;
    const trouble = draw(atMs, facts.chance);
    const { exchange, traceId, body, plan } = serveRequest(request, facts, trouble, clock.now());
    const record: Mutable<SimulatedRequest> = {
      traceId,
      method: request.method,
      atMs,
      path: request.path,
      body,
      fault: trouble?.kind,
      status: exchange.status || undefined,
      answer: plan && { reasoning: plan.reasoning, content: plan.content },
      tokens: 0,
      outcome: "open",
    };
    requests.push(record);
    record.outcome = await playExchange(exchange, stage, clock, signal, (tokens) => {
      record.tokens += tokens;
    });
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addUp(requests: readonly SimulatedRequest[]): SimulatorStats {
  const sum = (list: readonly SimulatedRequest[]) => list.reduce((total, { tokens }) => total + tokens, 0);
  return {
    requests: requests.length,
    inFlight: requests.filter(({ outcome }) => outcome === "open").length,
    tokensMade: sum(requests),
    tokensWasted: sum(requests.filter(({ outcome }) => outcome === "cut" || outcome === "left")),
  };
}
