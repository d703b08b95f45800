import { type Clock, systemClock } from "../async/clock.ts";
import { createAdmit } from "./capacity.ts";
import { checkFaults, checkScript, checkSimulatorOptions } from "./check-simulator-options.ts";
import { chooseDialect } from "./choose-dialect.ts";
import type { SimulatedAnswer } from "./compose-answer.ts";
import { type Played, playExchange } from "./exchange.ts";
import { type Fault, fromScript, pickFault, type ScriptStep, type Trouble } from "./faults.ts";
import { createModelShelf } from "./model-shelf.ts";
import { createMswHandlers, type MswHttp } from "./msw-handlers.ts";
import { createRunning, type Running } from "./running.ts";
import { seededRandom } from "./seeded-random.ts";
import { type ServerFacts, serveRequest } from "./serve-request.ts";
import { createSimulatedFetch, type Serve } from "./simulated-fetch.ts";
import { addUp, type RequestRecord, type SimulatedRequest, type SimulatorStats } from "./simulated-request.ts";
import { type SimulatedServer, startServer } from "./simulated-server.ts";
import type { SimulatorOptions } from "./simulator-options.ts";
import type { WireBody } from "./wire-body.ts";

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
  /** Steps of the script that nobody has asked for yet: of a test that is over, steps that proved nothing. */
  readonly unused: readonly ScriptStep[];
  /** Every request so far, oldest first. */
  readonly requests: readonly SimulatedRequest[];
  /** Counts over all of them. */
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
 * Makes a DeepSeek that answers in memory, over HTTP or through msw, and fails as it is told.
 *
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
  const requests: RequestRecord[] = [];
  const servers: SimulatedServer[] = [];

  const draw = (atMs: number, chance: () => number) => {
    const step = script.shift();
    return step === undefined ? pickFault(faults, atMs, chance) : fromScript(step);
  };
  const running = createRunning(clock, seededRandom((options.seed ?? 1) + 3));
  running.foresee(faults);
  const serve = createServe(options, clock, answers, requests, draw, running);
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
      running.foresee(next);
    },
    get unused() {
      return [...script];
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
  requests: RequestRecord[],
  draw: (atMs: number, chance: () => number) => Trouble | undefined,
  running: Running,
): Serve {
  const { window = 1_048_576 } = options;
  const { seed = 1, answerTokens = 40, answer, dialect: name = "deepseek", thinkTag = "both" } = options;
  const dialect = chooseDialect(name, thinkTag);
  const facts: ServerFacts = {
    apiKey: options.apiKey,
    models:
      options.models && name === "openrouter"
        ? [...(dialect.models ?? []), ...options.models]
        : (options.models ?? dialect.models),
    dialect,
    window,
    shelf: dialect.local && createModelShelf(options, dialect.local.usual, window),
    timing: options.timing ?? {},
    framing: options.framing,
    admit: options.capacity && createAdmit(options.capacity),
    mind: { answers, gaps: [], random: seededRandom(seed), ids: seededRandom(seed + 2), answerTokens, answer },
    // Faults draw from a source of their own, so that they do not change the answers.
    chance: seededRandom(seed + 1),
  };
  const startedAt = clock.now();

  return async (request, stage, signal) => {
    const atMs = clock.now() - startedAt;
    const trouble = draw(atMs, facts.chance);
    const { exchange, traceId, body, plan, place } = serveRequest(request, facts, trouble, clock.now());
    const record: RequestRecord = {
      traceId,
      method: request.method,
      atMs,
      path: request.path,
      body: body as Partial<WireBody>,
      fault: trouble?.kind,
      status: exchange.status || undefined,
      answer: plan && { reasoning: plan.reasoning, content: plan.content },
      tokens: 0,
      outcome: "open",
    };
    requests.push(record);
    const { until, end } = running.begin(stage, signal);
    let played: Played = "cut";
    try {
      played = await playExchange(exchange, stage, clock, until, (tokens) => {
        record.tokens += tokens;
      });
    } finally {
      record.outcome = end(played);
      place?.leave();
    }
  };
}
