import { type Clock, systemClock } from "./async/clock.ts";
import type { Send } from "./call.ts";
import { createCallLog } from "./call-log.ts";
import type { ChatCompletionParams } from "./chat/chat-request.ts";
import { copyRequest, expectsEmpty } from "./chat/copy-request.ts";
import { checkCallOptions, checkClientOptions, checkCopyOptions } from "./check-options.ts";
import { checkProviderNames, chooseProviders } from "./choose-providers.ts";
import { type ChatCompletions, createChatCompletions } from "./client/completions.ts";
import { createSession, type Session, type Sessions } from "./client/session.ts";
import type { CallOptions, ClientOptions } from "./client-options.ts";
import { createFleet, type SharedFleet } from "./create-fleet.ts";
import { createPipeline } from "./create-pipeline.ts";
import { guardListener } from "./events.ts";
import { resolveSettings, type Settings } from "./settings.ts";
import type { ProviderHealth } from "./state/provider-state.ts";

/** What is known of every provider, in the client's order. */
export interface Health {
  /** One entry each. */
  readonly providers: readonly ProviderHealth[];
  /** Requests and retries within the window of the retry budget (10 s by default), and how many calls wait; absent without one. */
  readonly retryBudget?: { readonly requests: number; readonly retries: number; readonly waiting: number };
}

/** The client. It needs no closing to let a process end, but `close()` ends at once whatever is still running. */
export interface ResilientClient extends AsyncDisposable {
  /** Laid out as in the OpenAI SDK: `client.chat.completions.create()`. */
  readonly chat: {
    /** Asks for answers, whole or as a stream. */
    readonly completions: ChatCompletions;
  };
  /** State of the providers, as plain data. */
  health(): Health;
  /** A client with other options over the same providers and their state. Closing one closes both. */
  withOptions(options: Omit<CallOptions, "signal">): ResilientClient;
  /** Ends all calls with a `client_closed` error, refuses new ones, and resolves when nothing is open any more. */
  close(): Promise<void>;
}

/**
 * Makes a client that gets its answer from a busy server, or fails in time with an error that tells the truth.
 *
 * @example
 * const client = createResilientClient(); // DEEPSEEK_API_KEY from the environment
 * const completion = await client.chat.completions.create({
 *   model: "deepseek-flash",
 *   messages: [{ role: "user", content: "Hello" }],
 * });
 * @throws InvalidOptionsError for an option that is unknown or out of range.
 */
export function createResilientClient(options: ClientOptions = {}): ResilientClient {
  checkClientOptions(options);
  const providers = chooseProviders(options);
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const shared: Shared = {
    options,
    clock,
    random,
    fleet: createFleet(providers, options, clock, random),
    sessions: { open: new Set(), isClosed: false },
  };
  return createView(shared, [toLayer(pickCallOptions(options))]);
}

/** What a client and its copies have in common. */
interface Shared {
  readonly options: ClientOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly fleet: SharedFleet;
  readonly sessions: Sessions;
}

function createView(shared: Shared, layers: readonly CallOptions[]): ResilientClient {
  const { fleet, sessions } = shared;
  const providers = fleet.members.map(({ provider }) => provider);
  const defaults = prepare(shared, layers);
  const start = (params: ChatCompletionParams, options: CallOptions) => {
    checkCallOptions(options);
    checkProviderNames(options, providers);
    const { settings, send } = Object.keys(options).some((key) => key !== "signal")
      ? prepare(shared, [...layers, toLayer(options)])
      : defaults;
    return startSession(shared, settings, send, params, options.signal);
  };
  const close = async () => {
    sessions.isClosed = true;
    const open = [...sessions.open];
    for (const session of open) session.close();
    await Promise.all([...open.map(({ closed }) => closed), fleet.close()]);
  };
  return {
    chat: { completions: createChatCompletions(start) },
    health: () => ({
      providers: fleet.members.map(({ state }) => state.health()),
      ...(fleet.budget && { retryBudget: fleet.budget.health() }),
    }),
    withOptions(options) {
      checkCopyOptions(options);
      checkProviderNames(options, providers);
      return createView(shared, [...layers, toLayer(options)]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function prepare(shared: Shared, layers: readonly CallOptions[]): { settings: Settings; send: Send } {
  const settings = resolveSettings(...layers);
  return { settings, send: createPipeline(settings, shared.fleet) };
}

function startSession(
  { options, clock, random, sessions }: Shared,
  settings: Settings,
  send: Send,
  params: ChatCompletionParams,
  signal: AbortSignal | undefined,
): Session {
  const id = `call_${Math.floor(random() * 2 ** 48).toString(36)}`;
  const call = {
    id,
    wire: settings.wire,
    toolCalls: settings.toolCalls,
    allowEmpty: settings.allowEmpty ?? expectsEmpty(params ?? {}),
    forcedToolChoice: settings.forcedToolChoice,
    providers: settings.providers,
    headers: settings.headers,
    fetch: options.fetch ?? globalThis.fetch,
    clock,
    random,
    priority: settings.priority,
  };
  const log = createCallLog(id, clock, settings.onEvent);
  return createSession({ params: copyRequest(params), call, log, signal, send, sessions });
}

/** The options a call may have too. */
function pickCallOptions(options: ClientOptions): CallOptions {
  const { apiKey: _key, baseURL: _url, providers: _names, dangerouslyAllowBrowser: _browser, ...others } = options;
  const { fetch: _fetch, clock: _clock, random: _random, ...shared } = others;
  const {
    order: _order,
    breaker: _breaker,
    limits: _limits,
    retryBudget: _budget,
    state: _state,
    ...callOptions
  } = shared;
  return callOptions;
}

/** Options as one of the layers that settings are made of. */
function toLayer(options: CallOptions): CallOptions {
  return options.onEvent ? { ...options, onEvent: guardListener(options.onEvent) } : options;
}
