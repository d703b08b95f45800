import { http } from "msw";
import { type SetupServer, setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type ClientEvent, type ClientOptions, createResilientClient, type ResilientClient } from "../../src/index.ts";
import {
  createSimulator,
  createVirtualClock,
  type Simulator,
  type SimulatorOptions,
  seededRandom,
  type VirtualClock,
} from "../../src/testing/index.ts";
import { rejectionOf } from "./abort-reasons.ts";
import { exemptResource, MSW_SOCKETS } from "./leaks.ts";

exemptResource("TCPSocketWrap", MSW_SOCKETS);

export const KEY = "sk-behaviour-secret-0123456789";
export const params = { model: "deepseek-flash", messages: [{ role: "user", content: "Hello, who waits?" }] } as const;
/** Answers take time, as they do in life. */
export const timing = { headersMs: 40, headMs: 300, tokenMs: 25 };

const server: SetupServer = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** A client, DeepSeek behind msw, and a clock that both live by. */
export interface World {
  readonly clock: VirtualClock;
  readonly simulator: Simulator;
  readonly client: ResilientClient;
  readonly events: ClientEvent[];
  /** Lets time pass until the promise settles. */
  run<T>(promise: Promise<T>): Promise<T>;
}

export interface WorldOptions extends Omit<SimulatorOptions, "clock"> {
  readonly client?: Omit<ClientOptions, "apiKey" | "clock" | "random"> & { readonly apiKey?: ClientOptions["apiKey"] };
}

export function createWorld({ client: options = {}, ...simulation }: WorldOptions = {}): World {
  const clock = createVirtualClock();
  const simulator = createSimulator({ timing, ...simulation, clock });
  server.use(...simulator.handlers(http));
  const events: ClientEvent[] = [];
  const client = createResilientClient({
    clock,
    random: seededRandom(1),
    onEvent: (event) => events.push(event),
    ...(options.providers ? {} : { apiKey: KEY }),
    ...options,
  });
  return { clock, simulator, client, events, run: (promise) => clock.run(promise) };
}

/** Another host behind msw, for clients with several providers. */
export function addHost(baseURL: string, options: SimulatorOptions): Simulator {
  const simulator = createSimulator({ timing, seed: 77, ...options });
  server.use(...simulator.handlers(http, baseURL));
  return simulator;
}

export { rejectionOf as failure };
