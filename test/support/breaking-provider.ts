import {
  type CallOptions,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatRequest,
  type ChatStream,
  createResilientClient,
  custom,
  type Provider,
  StreamInterruptedError,
} from "../../src/index.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { makeChunk } from "./wire-response.ts";

/** An answer that says these chunks, and then breaks off or ends. */
interface ScriptedAnswer {
  readonly says: readonly ChatCompletionChunk[];
  readonly error?: unknown;
}

interface ScriptedProvider extends Provider {
  readonly requests: readonly ChatRequest[];
  /** Answers that nobody has ended yet. */
  readonly open: number;
}

export const CAN_GO_ON = { prefix: true, reasoningPrefix: true, prefixWithTools: true } as const;
export const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;

export const cut = () => new StreamInterruptedError("cut");
export const says = (...pieces: readonly string[]) => pieces.map((content) => makeChunk({ content }));
export const thinks = (...pieces: readonly string[]) => pieces.map((text) => makeChunk({ reasoning_content: text }));
export const finish = (reason = "stop", delta: object = {}, more: object = {}) =>
  makeChunk({ ...delta }, reason, { ...more });

/** A provider that answers one request after the other by a script, and fails those that are not in it. */
export function scripted(
  name: string,
  answers: readonly (ScriptedAnswer | Error | string | ChatCompletion)[],
  abilities: Parameters<typeof custom>[0]["abilities"] = {},
): ScriptedProvider {
  const left = [...answers];
  const requests: ChatRequest[] = [];
  const seen = { open: 0 };
  const provider = custom({
    name,
    abilities,
    send(request) {
      requests.push(request);
      const answer = left.shift();
      if (answer === undefined) throw new Error(`${name} was asked too often`);
      if (answer instanceof Error) throw answer;
      return typeof answer === "string" || "choices" in answer ? answer : play(answer, seen);
    },
  });
  return Object.defineProperty({ ...provider, requests, open: 0 }, "open", { get: () => seen.open });
}

async function* play({ says: chunks, error }: ScriptedAnswer, seen: { open: number }) {
  seen.open += 1;
  try {
    yield* chunks;
    if (error !== undefined) throw error;
  } finally {
    seen.open -= 1;
  }
}

/** A client over such providers, on a clock of its own. */
export function clientOver(providers: readonly Provider[], options: Omit<CallOptions, "signal" | "providers"> = {}) {
  const clock = createVirtualClock();
  const { completions } = createResilientClient({ clock, random: () => 0.5, providers, ...options }).chat;
  return { clock, completions };
}

/** Reads a stream as text to its end. Fails where it has none. */
export async function readText(stream: ChatStream): Promise<{ text: string; completion: ChatCompletion }> {
  let text = "";
  for await (const piece of stream.textStream()) {
    text += piece;
    if (text.length > 100_000) throw new Error("no end of text");
  }
  return { text, completion: await stream.finalChatCompletion() };
}

/** Reads a stream as parts to its end, and forgets what it is told to. */
export async function readParts(stream: ChatStream): Promise<{ text: string; completion: ChatCompletion }> {
  let text = "";
  for await (const part of stream.parts()) {
    if (part.type === "reset") text = "";
    if (part.type === "text-delta") text += part.text;
  }
  return { text, completion: await stream.finalChatCompletion() };
}
