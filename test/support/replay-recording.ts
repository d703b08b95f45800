import {
  type ChatCompletion,
  createResilientClient,
  deepseek,
  llamaCpp,
  ollama,
  openrouter,
  type Provider,
  perplexity,
  type ResilientClient,
  vllm,
} from "../../src/index.ts";
import { createVirtualClock, seededRandom, type VirtualClock } from "../../src/testing/index.ts";
import type { Recording } from "./read-recording.ts";
import { makeResponse, splitBytes } from "./wire-response.ts";

/** How a recording was served and asked for. */
interface Way {
  readonly method: "create" | "stream";
  readonly wire: "stream" | "json";
  readonly reads: "one read" | "split";
}

/** What the client made of a recording. */
export interface Replayed extends Way {
  readonly completion: ChatCompletion | undefined;
  readonly error: unknown;
  /** What a loop over the stream was given; of `create()`, nothing. */
  readonly delivered: Delivered;
  /** Timers left over. */
  readonly pending: number;
}

interface Delivered {
  text: string;
  reasoning: string;
  readonly toolCalls: unknown[];
}

const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;

/** Serves a recording in every way there is, one after the other. `provider`: who reads it, if not whom its name tells. */
export async function replay(recording: Recording, provider = providerOf(recording)): Promise<Replayed[]> {
  const replayed: Replayed[] = [];
  // An answer that came as events was asked for as such.
  for (const method of ["create", "stream"] as const)
    for (const wire of recording.isStream ? (["stream"] as const) : (["stream", "json"] as const))
      for (const reads of ["one read", "split"] as const)
        replayed.push(await replayOnce(recording, provider, { method, wire, reads }));
  return replayed;
}

async function replayOnce(recording: Recording, provider: Provider, way: Way): Promise<Replayed> {
  const clock = createVirtualClock();
  const client = createClient(recording, provider, way, clock);
  const delivered: Delivered = { text: "", reasoning: "", toolCalls: [] };
  const asking = way.method === "create" ? client.chat.completions.create(params) : readStream(client, delivered);
  const [completion, error] = await clock.run(
    asking.then(
      (value) => [value, undefined] as const,
      (reason: unknown) => [undefined, reason] as const,
    ),
  );
  return { ...way, completion, error, delivered, pending: clock.pending };
}

/** Reads Ollama's own protocol, and leaves the text as it is. */
export const nativeReader = ollama({ model: "recorded", route: "native", thinkTags: "none" });

const apiKey = "sk-recordings-0123456789";

/** Whose words a recording is in, by its name. Doubleword's gateway stands in front of vLLM. */
const HOSTS: readonly (readonly [RegExp, () => Provider])[] = [
  [/^rig__deepseek__|_deepseek_deepseek-|test_deepseek__|^vercel-ai__/, () => deepseek({ apiKey })],
  [/^rig__openrouter__|test_openrouter__|_openrouter_/, () => openrouter({ apiKey })],
  [/^rig__perplexity__|_perplexity_/, () => perplexity({ apiKey })],
  [/^rig__ollama__|_ollama_/, () => ollama({ model: "recorded" })],
  [/^rig__llamacpp__/, () => llamaCpp({ model: "recorded" })],
  [/^rig__doubleword__/, () => vllm({ model: "recorded" })],
];

/** The host that sent what is a chat completion reads it. @throws unless exactly one did */
export function providerOf({ name }: Recording): Provider {
  const [found, ...others] = HOSTS.filter(([says]) => says.test(name));
  if (!found || others.length > 0) throw new Error(`${others.length + (found ? 1 : 0)} hosts sent ${name}.`);
  return found[1]();
}

function createClient(
  recording: Recording,
  provider: Provider,
  { wire, reads }: Way,
  clock: VirtualClock,
): ResilientClient {
  const { bytes, status, isStream } = recording;
  const headers = { "content-type": isStream ? "text/event-stream; charset=utf-8" : "application/json" };
  const pieces = reads === "split" ? splitBytes(bytes, chooseCuts(bytes)) : [bytes];
  return createResilientClient({
    clock,
    fetch: async () => makeResponse(pieces, status, headers),
    providers: [provider],
    random: seededRandom(1),
    retry: false,
    resume: false,
    wire,
  });
}

/** Reads of 1 to 40 bytes, the same ones for the same length, and every character of several bytes cut into them. */
function chooseCuts(bytes: Uint8Array): number[] {
  const random = seededRandom(bytes.length);
  const cuts: number[] = [];
  for (let at = 0; at < bytes.length; at += 1 + Math.floor(random() * 40)) cuts.push(at);
  bytes.forEach((byte, at) => {
    if (byte >= 0x80 && byte < 0xc0) cuts.push(at);
  });
  return cuts;
}

async function readStream(client: ResilientClient, delivered: Delivered): Promise<ChatCompletion> {
  const stream = client.chat.completions.stream(params);
  for await (const { choices } of stream) {
    const delta = choices[0]?.delta;
    delivered.text += delta?.content ?? "";
    delivered.reasoning += delta?.reasoning_content ?? "";
    delivered.toolCalls.push(...(delta?.tool_calls ?? []));
  }
  return stream.finalChatCompletion();
}
