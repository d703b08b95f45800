import { type ClientOptions, createResilientClient, deepseek, type Provider, type ToolCall } from "../../src/index.ts";
import {
  createSimulator,
  createVirtualClock,
  type ScriptedAnswer,
  type SimulatorOptions,
  seededRandom,
} from "../../src/testing/index.ts";
import { rejectionOf } from "./abort-reasons.ts";

const KEY = "sk-tools-0123456789abcdef";

/** A message as the simulated model reads it. */
export interface Said {
  readonly role: string;
  readonly content: string;
  readonly reasoning_content?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly ToolCall[];
}

export type Model = (said: readonly Said[]) => ScriptedAnswer;

let made = 0;
/** A call the model asks for, with an id that no other has. */
export function asks(name: string, args: unknown, id = `call_${(made++).toString(36)}_x`): ToolCall {
  const text = typeof args === "string" ? args : JSON.stringify(args);
  return { id, type: "function", function: { name, arguments: text } };
}

/** A client over simulated hosts in memory, each with this model. */
export function toolsWorld(
  model: Model,
  simulation: Omit<SimulatorOptions, "answer" | "clock"> = {},
  options: Omit<ClientOptions, "clock" | "fetch" | "providers"> & {
    readonly hosts?: number;
    /** Whether only streams have trouble, as at hosts whose stream parsers are what breaks calls. */
    readonly onlyStreams?: boolean;
  } = {},
) {
  const clock = createVirtualClock();
  const { hosts: count = 1, onlyStreams = false, ...given } = options;
  const answer: SimulatorOptions["answer"] = ({ messages }) => model(messages as unknown as readonly Said[]);
  // Only the first one has trouble.
  const hosts = Array.from({ length: count }, (_, index) => {
    const trouble = index === 0 ? simulation : { ...simulation, script: [], faults: [] };
    return createSimulator({ clock, timing: { headersMs: 40, headMs: 300, tokenMs: 25 }, ...trouble, answer });
  });
  const sound = createSimulator({ clock, answer });
  const providers: Provider[] = hosts.map((_, index) =>
    deepseek({ name: `p${index}`, apiKey: KEY, baseURL: `https://p${index}.test` }),
  );
  const client = createResilientClient({
    clock,
    random: seededRandom(simulation.seed ?? 1),
    providers,
    fetch: (input, init) => {
      if (onlyStreams && JSON.parse(String(init?.body)).stream === false) return sound.fetch(input, init);
      const host = hosts[Number(new URL(String(input)).hostname[1])];
      if (!host) throw new TypeError("no such host");
      return host.fetch(input, init);
    },
    ...given,
  });
  return {
    clock,
    client,
    hosts,
    run: <T>(promise: Promise<T>): Promise<T> => clock.run(promise),
    /** What it is rejected with. */
    failure: (promise: Promise<unknown>): Promise<unknown> => clock.run(rejectionOf(promise)),
    /** The bodies that were sent to the first host. */
    sent: () =>
      (hosts[0]?.requests ?? []).map(
        ({ body }) => body as unknown as { messages: readonly Said[]; tools: unknown; tool_choice?: unknown },
      ),
  };
}
