import { type ChatCompletionParams, deepseek, openaiCompatible, type Provider } from "../../src/index.ts";
import type { Simulator, SimulatorOptions } from "../../src/testing/index.ts";
import { addHost, createWorld, params, type World } from "./busy-world.ts";

export const GATEWAY = "https://gateway.example";
const options = { name: "gateway", baseURL: GATEWAY, apiKey: "sk-gateway-0123456789" };
/** A gateway of which nothing is known but its address. */
export const unknownGateway = openaiCompatible(options);
/** One of which it is known that DeepSeek stands behind it. */
export const deepseekGateway = deepseek(options);

/** A client of a gateway with DeepSeek behind it, which passes on what DeepSeek says. */
export function createGateway(
  simulation: SimulatorOptions = {},
  providers: readonly Provider[] = [unknownGateway],
): World & { readonly host: Simulator } {
  const world = createWorld({ client: { providers } });
  return { ...world, host: addHost(GATEWAY, { ...simulation, clock: world.clock }) };
}

export const user = { role: "user", content: "Hello, who waits?" } as const;
export const said = { role: "assistant", content: "Hi." } as const;
export const tools = [{ type: "function", function: { name: "now" } }] as const;
export const schema = { type: "object", properties: { a: { type: "string" } } } as const;

/** A request with fields and roles the types may not have. */
export const asked = (fields: object): ChatCompletionParams => ({ ...params, ...fields }) as ChatCompletionParams;
