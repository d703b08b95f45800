import fc from "fast-check";
import { expect, test } from "vitest";
import { createCompletionAssembler } from "../../src/chat/assemble-completion.ts";
import type { ChatCompletion, ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import type { StreamPart } from "../../src/client/iterate-chunks.ts";
import { ResilientClientError } from "../../src/errors.ts";
import { arbitraryScript, completionsOver, type Script, TOOLS } from "../support/scripted-answers.ts";

const RUNS = Number(process.env["PROPERTY_RUNS"] ?? 5_000);

const READERS = ["create", "final", "chunks", "text", "parts", "lines"] as const;
type Reader = (typeof READERS)[number];

/** What a reader saw. */
interface Seen {
  content: string;
  reasoning: string;
  resets: number;
  calls: string;
}

const messages = [{ role: "user", content: "hi" }] as const;

async function read(
  reader: Reader,
  completions: ReturnType<typeof completionsOver>["completions"],
  params: Parameters<typeof completions.create>[0],
  signal: AbortSignal,
  seen: Seen,
  onStep: (stream?: { abort(reason: unknown): void }) => boolean,
): Promise<ChatCompletion | undefined> {
  if (reader === "create") return completions.create({ ...params, stream: false }, { signal });
  const stream = completions.stream(params, { signal });
  if (reader === "final") return stream.finalChatCompletion();
  const sum = createCompletionAssembler();
  const addChunk = (chunk: ChatCompletionChunk) => {
    sum.add(chunk);
    const { content, reasoning_content: reasoning } = sum.begun();
    Object.assign(seen, { content, reasoning });
  };
  if (reader === "chunks")
    for await (const chunk of stream) {
      addChunk(chunk);
      if (onStep(stream)) return undefined;
    }
  if (reader === "text")
    for await (const piece of stream.textStream()) {
      seen.content += piece;
      if (onStep(stream)) return undefined;
    }
  if (reader === "parts")
    for await (const part of stream.parts()) {
      addPart(seen, part);
      if (onStep(stream)) return undefined;
    }
  if (reader === "lines") {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of stream.toReadableStream()) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) addChunk(JSON.parse(line));
      if (onStep(stream)) return undefined;
    }
  }
  return stream.finalChatCompletion();
}

function addPart(seen: Seen, part: StreamPart): void {
  if (part.type === "text-delta") seen.content += part.text;
  if (part.type === "reasoning-delta") seen.reasoning += part.text;
  if (part.type === "tool-calls") seen.calls = JSON.stringify(part.toolCalls);
  if (part.type === "seam") expect(part.atChar).toBe(seen.content.length);
  if (part.type === "reset") Object.assign(seen, { content: "", reasoning: "", resets: seen.resets + 1 });
}

/** Whether a text is the beginning of what one variant says. */
const isBeginning = ({ variants }: Script, field: "content" | "reasoning", text: string) =>
  variants.some((variant) => variant[field].startsWith(text));

function judgeAnswer(script: Script, reader: Reader, completion: ChatCompletion, seen: Seen): void {
  const [choice] = completion.choices;
  const { content = "", reasoning_content: reasoning = "", tool_calls: calls } = choice?.message ?? {};
  const said = script.variants.find((variant) =>
    choice?.finish_reason === "length"
      ? variant.content.startsWith(content) && variant.reasoning.startsWith(reasoning)
      : variant.content === content && variant.reasoning === reasoning && variant.calls === Boolean(calls),
  );
  expect(said, `a wrong answer: ${JSON.stringify(choice)}`).toBeDefined();
  if (choice?.finish_reason === "length" && content) expect(reasoning).toBe(said?.reasoning);
  expect(choice?.finish_reason).toBe(
    choice?.finish_reason === "length" ? "length" : said?.calls ? "tool_calls" : "stop",
  );
  if (calls)
    expect(calls).toEqual([{ id: "call_1", type: "function", function: { name: "look", arguments: '{"at":"😀"}' } }]);
  if (reader === "create" || reader === "final") return;
  expect(seen.content).toBe(content);
  if (reader === "parts") expect(seen.calls).toBe(calls ? JSON.stringify(calls) : "");
}

test("any script of broken answers, however it is read, ends with one whole answer or with the true beginning of one", async () => {
  const how = fc.record({
    reader: fc.constantFrom(...READERS),
    script: arbitraryScript,
    end: fc.option(fc.record({ after: fc.nat(12), by: fc.constantFrom("leave", "abort", "signal") }), { freq: 4 }),
  });
  const tally: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(how, async ({ reader, script, end }) => {
      const { clock, log, completions, sources, closed } = completionsOver(script);
      const seen: Seen = { content: "", reasoning: "", resets: 0, calls: "" };
      const controller = new AbortController();
      const tools = script.variants.some(({ calls }) => calls) ? { tools: TOOLS } : {};
      let steps = 0;
      const onStep = (stream?: { abort(reason: unknown): void }) => {
        expect(isBeginning(script, "content", seen.content), `wrong text ${JSON.stringify(seen.content)}`).toBe(true);
        expect(
          isBeginning(script, "reasoning", seen.reasoning),
          `wrong thinking ${JSON.stringify(seen.reasoning)}`,
        ).toBe(true);
        // A half of a character is no text.
        expect(seen.content.isWellFormed() && seen.reasoning.isWellFormed()).toBe(true);
        steps += 1;
        if (steps <= (end?.after ?? Number.POSITIVE_INFINITY)) return false;
        if (end?.by === "abort") stream?.abort("enough");
        if (end?.by === "signal") controller.abort("enough");
        return end?.by === "leave";
      };
      const params = { model: "deepseek-flash", messages, ...tools };
      const call = read(reader, completions, params, controller.signal, seen, onStep);
      let outcome: string;
      try {
        const completion = await clock.run(call);
        outcome = completion ? (completion.choices[0]?.finish_reason ?? "none") : "left";
        if (completion) judgeAnswer(script, reader, completion, seen);
      } catch (error) {
        if (error === "enough") outcome = "aborted";
        else if (!ResilientClientError.isInstance(error)) throw error;
        else {
          outcome = error.code;
          const { content = "", reasoning_content: reasoning = "" } = error.partial ?? {};
          expect(isBeginning(script, "content", content), `wrong partial ${JSON.stringify(content)}`).toBe(true);
          expect(isBeginning(script, "reasoning", reasoning)).toBe(true);
          if (reader !== "create" && reader !== "final") expect(content).toBe(seen.content);
        }
      }
      await Promise.all(closed);
      for (const source of sources) expect(source.cancels + source.finishes).toBeGreaterThan(0);
      const { settings } = script;
      if (seen.resets > 0) expect(settings.onUnresumable).toBe("reset");
      const { attempts, seams } = log.report();
      for (const attempt of attempts) expect(attempt.outcome).not.toBe("pending");
      const places = seams.map(({ atChar }) => atChar);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      tally[`${reader} ${outcome}`] = (tally[`${reader} ${outcome}`] ?? 0) + 1;
    }),
    { numRuns: RUNS },
  );
  if (process.env["SHOW_TALLY"]) console.log(tally);
});
