import {
  type CallOptions,
  type ChatCompletion,
  type ClientEvent,
  type ClientOptions,
  createResilientClient,
  type DeepSeekOptions,
  deepseek,
  type Report,
  type ResilientClient,
} from "../../src/index.ts";
import {
  createSimulator,
  createVirtualClock,
  type Simulator,
  type SimulatorOptions,
  seededRandom,
  type VirtualClock,
} from "../../src/testing/index.ts";
import { rejectionOf } from "./abort-reasons.ts";

export const PARAMS = { model: "deepseek-flash", messages: [{ role: "user", content: "Hello, who waits?" }] } as const;
const timing = { headersMs: 40, headMs: 300, tokenMs: 5 };

type HostOptions = Omit<SimulatorOptions, "clock" | "apiKey"> &
  Pick<DeepSeekOptions, "name" | "afterRounds" | "apiKey" | "price" | "timeouts" | "rateLimit">;
type Outcome = { readonly data?: ChatCompletion; readonly report?: Report; readonly error?: unknown };

/** Some hosts in memory, named `a`, `b` and so on, and clients over them. */
export interface LoadWorld {
  readonly clock: VirtualClock;
  readonly hosts: readonly Simulator[];
  readonly client: ResilientClient;
  readonly events: ClientEvent[];
  /** Another client over the same hosts. */
  addClient(options?: ClientOptions): ResilientClient;
  /** Starts a call without waiting for it; never rejects. */
  ask(options?: CallOptions, client?: ResilientClient): Promise<Outcome>;
  /** The same, and lets time pass until it ends. */
  call(options?: CallOptions, client?: ResilientClient): Promise<Outcome>;
  /** Lets time pass until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** The same; what it is rejected with. */
  failure(promise: Promise<unknown>): Promise<unknown>;
  /** When the host was asked, in milliseconds since the beginning. */
  askedAt(host: number): number[];
  eventsOf<T extends ClientEvent["type"]>(type: T): Extract<ClientEvent, { readonly type: T }>[];
}

export function createLoadWorld(
  hostOptions: readonly HostOptions[],
  options: ClientOptions | ((clock: VirtualClock) => ClientOptions) = {},
  { seed = 1 } = {},
): LoadWorld {
  const clock = createVirtualClock();
  const places = hostOptions.map(({ name, afterRounds, apiKey = "sk-any", price, timeouts, ...rest }, at) => {
    const { rateLimit, ...simulation } = rest;
    const id = name ?? String.fromCharCode(97 + at);
    const baseURL = `https://${id}.example`;
    const provider = deepseek({ name: id, baseURL, apiKey, afterRounds, price, timeouts, rateLimit });
    const simulator = createSimulator({ seed: seed + at, timing, ...simulation, clock });
    return { id, provider, simulator };
  });
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    const place = places.find(({ id }) => hostname === `${id}.example`);
    if (!place) throw new Error(`nobody lives at ${hostname}`);
    return place.simulator.fetch(input, init);
  };
  const events: ClientEvent[] = [];
  const addClient = (more: ClientOptions = {}) =>
    createResilientClient({
      clock,
      fetch,
      random: seededRandom(seed),
      providers: places.map(({ provider }) => provider),
      onEvent: (event) => events.push(event),
      ...(typeof options === "function" ? options(clock) : options),
      ...more,
    });
  const client = addClient();
  const ask: LoadWorld["ask"] = (asked = {}, by = client) =>
    by.chat.completions
      .create(PARAMS, asked)
      .withReport()
      .catch((error: unknown) => ({ error }));
  return {
    clock,
    hosts: places.map(({ simulator }) => simulator),
    client,
    events,
    addClient,
    ask,
    call: (asked, by) => clock.run(ask(asked, by)),
    run: (promise) => clock.run(promise),
    failure: (promise) => clock.run(rejectionOf(promise)),
    askedAt: (host) => places[host]?.simulator.requests.map(({ atMs }) => atMs) ?? [],
    eventsOf: <T extends ClientEvent["type"]>(type: T) =>
      events.filter((event): event is Extract<ClientEvent, { readonly type: T }> => event.type === type),
  };
}

/** What is known of the only model of a host. */
export function modelOf(client: ResilientClient, host = 0) {
  const model = client.health().providers[host]?.models[0];
  if (!model) throw new Error("It was not asked yet.");
  return model;
}
