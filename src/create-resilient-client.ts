import { systemClock } from "./async/clock.ts";
import type { Send } from "./call.ts";
import { checkCallOptions, checkClientOptions, checkCopyOptions } from "./check-options.ts";
import { checkProviderNames, chooseProviders } from "./choose-providers.ts";
import type { CallPromise } from "./client/call-promise.ts";
import { type ChatCompletions, createChatCompletions } from "./client/completions.ts";
import { type LookUpOptions, lookUp } from "./client/look-up.ts";
import { BALANCE, CHAT, FIM, MODELS, type Opening, type Surroundings, startSession } from "./client/start-session.ts";
import { createTextCompletions, type TextCompletions } from "./client/text-completions.ts";
import type { CallOptions, ClientOptions } from "./client-options.ts";
import { createFleet, type SharedFleet } from "./create-fleet.ts";
import { createLookUp, createPipeline } from "./create-pipeline.ts";
import type { Balance, ModelList } from "./endpoints/account.ts";
import { guardListener } from "./events.ts";
import type { ClientUsage } from "./money/usage-book.ts";
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
  /** Fills gaps in a text, and in code: fill-in-the-middle (beta). */
  readonly completions: TextCompletions;
  /** Of the first provider that can tell, or of the one that `options.providers` names. */
  readonly models: {
    /** Which models there are. @throws ResilientClientError one of the error family */
    list(options?: LookUpOptions): CallPromise<ModelList>;
  };
  /** What is left on the account at DeepSeek. @throws ResilientClientError one of the error family */
  balance(options?: LookUpOptions): CallPromise<Balance>;
  /** State of the providers, as plain data. */
  health(): Health;
  /** What all calls that are over have used and cost since the client was made, in sum and for each model: plain data. */
  usage(): ClientUsage;
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
  const fleet = createFleet(providers, options, clock, random);
  const shared: Shared = {
    fetch: options.fetch,
    clock,
    random,
    fleet,
    usage: fleet.usage,
    sessions: { open: new Set(), isClosed: false },
  };
  return createView(shared, [toLayer(pickCallOptions(options))]);
}

/** What a client and its copies have in common. */
interface Shared extends Surroundings {
  readonly fleet: SharedFleet;
}

function createView(shared: Shared, layers: readonly CallOptions[]): ResilientClient {
  const { fleet, sessions } = shared;
  const providers = fleet.members.map(({ provider }) => provider);
  const defaults = prepare(shared, layers);
  const start = <P>(opening: Opening<P>, params: P, options: CallOptions) => {
    checkCallOptions(options);
    checkProviderNames(options, providers);
    const own = Object.keys(options).some((key) => key !== "signal")
      ? prepare(shared, [...layers, toLayer(options)])
      : defaults;
    const how = opening.isLookUp ? { ...own, send: createLookUp(own.settings, fleet) } : own;
    return startSession(shared, how, opening, params, options.signal);
  };
  const close = async () => {
    sessions.isClosed = true;
    const open = [...sessions.open];
    for (const session of open) session.close();
    await Promise.all([...open.map(({ closed }) => closed), fleet.close()]);
  };
  return {
    chat: { completions: createChatCompletions((params, options) => start(CHAT, params, options)) },
    completions: createTextCompletions((params, options) => start(FIM, params, options)),
    models: { list: (options = {}) => lookUp(() => start(MODELS, undefined, options)) },
    balance: (options = {}) => lookUp(() => start(BALANCE, undefined, options)),
    health: () => ({
      providers: fleet.members.map(({ state }) => state.health()),
      ...(fleet.budget && { retryBudget: fleet.budget.health() }),
    }),
    usage: fleet.usage.usage,
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

/** The options a call may have too. */
function pickCallOptions(options: ClientOptions): CallOptions {
  const { apiKey: _key, baseURL: _url, providers: _names, dangerouslyAllowBrowser: _browser, ...others } = options;
  const { fetch: _fetch, clock: _clock, random: _random, ...shared } = others;
  const {
    order: _order,
    breaker: _breaker,
    limits: _limits,
    retryBudget: _budget,
    costWindow: _window,
    state: _state,
    ...callOptions
  } = shared;
  return callOptions;
}

/** Options as one of the layers that settings are made of. */
function toLayer(options: CallOptions): CallOptions {
  return options.onEvent ? { ...options, onEvent: guardListener(options.onEvent) } : options;
}
