import fc from "fast-check";
import { expect } from "vitest";
import { createCompletionAssembler } from "../../src/chat/assemble-completion.ts";
import type { ChatCompletion, ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import type { ChatStream } from "../../src/client/chat-stream.ts";
import type { ChatCompletions } from "../../src/client/completions.ts";
import type { StreamPart } from "../../src/client/iterate-chunks.ts";
import { ResilientClientError } from "../../src/errors.ts";
import type { VirtualClock } from "../../src/testing/index.ts";
import { type Script, TOOLS, type Variant } from "./scripted-answers.ts";

type Reader = "create" | "final" | "chunks" | "text" | "parts" | "lines";

/** How a call is read, and when its reader has had enough. */
export interface Reading {
  readonly reader: Reader;
  readonly end: { readonly after: number; readonly by: "leave" | "abort" | "signal" } | null;
}

export const arbitraryReading: fc.Arbitrary<Reading> = fc.record({
  reader: fc.constantFrom<Reader>("create", "final", "chunks", "text", "parts", "lines"),
  end: fc.option(
    fc.record({ after: fc.nat(12), by: fc.constantFrom<"leave" | "abort" | "signal">("leave", "abort", "signal") }),
    { freq: 4 },
  ),
});

/** What a reader saw. */
interface Seen {
  content: string;
  reasoning: string;
  resets: number;
  calls: string;
}

/** Whoever reads a call of a script as it comes, and judges each piece. */
class ScriptReader {
  readonly seen: Seen = { content: "", reasoning: "", resets: 0, calls: "" };
  readonly #script: Script;
  readonly #reading: Reading;
  readonly #controller: AbortController;
  #steps = 0;

  constructor(script: Script, reading: Reading, controller: AbortController) {
    this.#script = script;
    this.#reading = reading;
    this.#controller = controller;
  }

  /** The completion; nothing, where it was left. */
  async read(completions: ChatCompletions): Promise<ChatCompletion | undefined> {
    const { reader } = this.#reading;
    const { signal } = this.#controller;
    const tools = this.#script.variants.some(({ calls }) => calls) ? { tools: TOOLS } : {};
    const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }], ...tools } as const;
    if (reader === "create") return completions.create(params, { signal });
    const stream = completions.stream(params, { signal });
    if (reader === "final") return stream.finalChatCompletion();
    for await (const _ of this.#stepsOf(stream)) if (this.#hasEnough(stream)) return undefined;
    return stream.finalChatCompletion();
  }

  async *#stepsOf(stream: ChatStream): AsyncGenerator<undefined> {
    const { reader } = this.#reading;
    const sum = createCompletionAssembler();
    const add = (chunk: ChatCompletionChunk) => {
      sum.add(chunk);
      const { content, reasoning_content: reasoning } = sum.begun();
      Object.assign(this.seen, { content, reasoning });
    };
    if (reader === "chunks") {
      for await (const chunk of stream) yield add(chunk) as undefined;
    } else if (reader === "text") {
      for await (const piece of stream.textStream()) {
        this.seen.content += piece;
        yield;
      }
    } else if (reader === "parts") {
      for await (const part of stream.parts()) yield addPart(this.seen, part) as undefined;
    } else {
      const decoder = new TextDecoder();
      for await (const bytes of stream.toReadableStream()) {
        for (const line of decoder.decode(bytes).trimEnd().split("\n")) add(JSON.parse(line));
        yield;
      }
    }
  }

  #hasEnough(stream: ChatStream): boolean {
    const { content, reasoning } = this.seen;
    expect(this.#isBeginning("content", content), `wrong text ${JSON.stringify(content)}`).toBe(true);
    expect(this.#isBeginning("reasoning", reasoning), `wrong thinking ${JSON.stringify(reasoning)}`).toBe(true);
    // A half of a character is no text.
    expect(content.isWellFormed() && reasoning.isWellFormed()).toBe(true);
    const { end } = this.#reading;
    this.#steps += 1;
    if (this.#steps <= (end?.after ?? Number.POSITIVE_INFINITY)) return false;
    if (end?.by === "abort") stream.abort("enough");
    if (end?.by === "signal") this.#controller.abort("enough");
    return end?.by === "leave";
  }

  /** Whether a text is the beginning of what one variant says. */
  #isBeginning(field: "content" | "reasoning", text: string): boolean {
    return this.#script.variants.some((variant) => variant[field].startsWith(text));
  }

  get #seesText(): boolean {
    return this.#reading.reader !== "create" && this.#reading.reader !== "final";
  }

  judgeAnswer(completion: ChatCompletion): void {
    const [choice] = completion.choices;
    const { content = "", reasoning_content: reasoning = "", tool_calls: calls } = choice?.message ?? {};
    const isCut = choice?.finish_reason === "length";
    const isSaid = (one: Variant) =>
      isCut
        ? one.content.startsWith(content) && one.reasoning.startsWith(reasoning)
        : one.content === content && one.reasoning === reasoning && one.calls === Boolean(calls);
    const said = this.#script.variants.find(isSaid);
    expect(said, `a wrong answer: ${JSON.stringify(choice)}`).toBeDefined();
    if (isCut && content) expect(reasoning).toBe(said?.reasoning);
    expect(choice?.finish_reason).toBe(isCut ? "length" : said?.calls ? "tool_calls" : "stop");
    if (calls)
      expect(calls).toEqual([{ id: "call_1", type: "function", function: { name: "look", arguments: '{"at":"😀"}' } }]);
    if (this.#seesText) expect(this.seen.content).toBe(content);
    if (this.#reading.reader === "parts") expect(this.seen.calls).toBe(calls ? JSON.stringify(calls) : "");
  }

  judgeFailure(error: ResilientClientError): void {
    const { content = "", reasoning_content: reasoning = "" } = error.partial ?? {};
    expect(this.#isBeginning("content", content), `wrong partial ${JSON.stringify(content)}`).toBe(true);
    expect(this.#isBeginning("reasoning", reasoning), `wrong partial ${JSON.stringify(reasoning)}`).toBe(true);
    if (this.#seesText) expect(content).toBe(this.seen.content);
  }
}

function addPart(seen: Seen, part: StreamPart): void {
  if (part.type === "text-delta") seen.content += part.text;
  if (part.type === "reasoning-delta") seen.reasoning += part.text;
  if (part.type === "tool-calls") seen.calls = JSON.stringify(part.toolCalls);
  if (part.type === "seam") expect(part.atChar).toBe(seen.content.length);
  if (part.type === "reset") Object.assign(seen, { content: "", reasoning: "", resets: seen.resets + 1 });
}

/** Makes one call of a script, reads it and judges what comes. Returns how it ended. Throws for what must not be. */
export async function readAndJudge(
  script: Script,
  reading: Reading,
  { clock, completions }: { readonly clock: VirtualClock; readonly completions: ChatCompletions },
  controller = new AbortController(),
): Promise<string> {
  const reader = new ScriptReader(script, reading, controller);
  const outcome = async () => {
    try {
      const completion = await clock.run(reader.read(completions));
      if (completion) reader.judgeAnswer(completion);
      return completion ? `${completion.choices[0]?.finish_reason}` : "left";
    } catch (error) {
      if (error === "enough") return "aborted";
      if (!ResilientClientError.isInstance(error)) throw error;
      reader.judgeFailure(error);
      return error.code;
    }
  };
  const told = await outcome();
  if (reader.seen.resets > 0) expect(script.settings.onUnresumable).toBe("reset");
  return `${reading.reader} ${told}`;
}
