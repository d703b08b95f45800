import { type ClientOptions, createResilientClient, lmStudio, ollama, type Provider } from "../../src/index.ts";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../src/testing/index.ts";
import { params, timing } from "./busy-world.ts";

/** Each with the model its simulator has. */
export const LOCAL_HOSTS = [
  ["lmStudio", lmStudio, "deepseek-r1-0528-qwen3-8b"],
  ["ollama", ollama, "deepseek-r1:8b"],
] as const;

/** A client of one local server, DeepSeek's names on its lips. */
export function localWorld(
  dialect: "lmStudio" | "ollama",
  simulation: SimulatorOptions = {},
  options: ClientOptions = {},
  provider: Provider = dialect === "lmStudio" ? lmStudio() : ollama(),
) {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, timing, dialect, ...simulation });
  const client = createResilientClient({ clock, fetch: simulator.fetch, providers: [provider], ...options });
  const ask = (more: object = {}) => clock.run(client.chat.completions.create({ ...params, ...more }).withReport());
  const lists = () => simulator.requests.filter(({ method }) => method === "GET").length;
  const chats = () => simulator.requests.filter(({ method }) => method === "POST");
  return { clock, simulator, provider, client, ask, lists, chats };
}
