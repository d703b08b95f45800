import { expect, test } from "vitest";
import type { ChatCompletion, ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { continueRequest } from "../../../src/chat/continue-request.ts";
import { fim } from "../../../src/endpoints/fim.ts";
import { toTextChunk, toTextCompletion } from "../../../src/endpoints/to-text.ts";

const { endpoint } = fim;
const GAP = { model: "deepseek-flash", prompt: "before", suffix: "behind" } as const;
const unexpected = (what: string) => new TypeError(what);
const read = (json: unknown, isWhole = false) => endpoint?.read(json, isWhole, unexpected);

test("a gap comes out as it went in", () => {
  const more = { stop: ["x"], logprobs: 3, top_p: 0.5, frequency_penalty: 1, user_id: "u", best_of: 1 };
  expect(endpoint?.encode?.(fim.prepare({ ...GAP, ...more } as never))).toEqual({ ...GAP, ...more });
  expect(endpoint?.encode?.(fim.prepare({ ...GAP, suffix: null, prompt: "" }))).toEqual({
    model: GAP.model,
    prompt: "",
  });
  expect(endpoint?.encode?.(fim.prepare({ ...GAP, suffix: "" }))).toEqual({ ...GAP, suffix: "" });
});

test("what stands before and behind it is the conversation that nobody may quote", () => {
  const { messages, thinking } = fim.prepare(GAP);
  expect(thinking).toEqual({ type: "disabled" });
  expect(messages).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "before" },
        { type: "text", text: "behind" },
      ],
    },
  ]);
});

test("one that has begun is asked for with the text so far, twice as well", () => {
  const request = fim.prepare({ ...GAP, max_tokens: 90 });
  const kept = (content: string, spentTokens: number) => ({ content, reasoning: "", spentTokens });
  expect(endpoint?.encode?.(continueRequest(request, kept(" one", 30), "prefix"))).toEqual({
    ...GAP,
    prompt: "before one",
    max_tokens: 60,
  });
});

test("text is read as content, whole and in pieces, and other fields stay", () => {
  const choice = { index: 0, text: "hi", logprobs: null, finish_reason: null, extra: 1 };
  const json = { id: "1", object: "text_completion", choices: [choice], usage: null };
  const { text: _, ...rest } = choice;
  expect(read(json)).toEqual({ ...json, choices: [{ ...rest, delta: { content: "hi" } }] });
  expect(read(json, true)).toEqual({ ...json, choices: [{ ...rest, message: { role: "assistant", content: "hi" } }] });
});

test("what is no text is refused, and errors are left as they are", () => {
  for (const json of [null, [], "x", { error: { code: 503 } }, { choices: "x" }, { message: "busy" }])
    expect(read(json)).toBe(json);
  const odd = { choices: [7, { error: { code: 503 } }] };
  expect(read(odd)).toEqual(odd);
  for (const text of [undefined, null, 7, {}]) {
    expect(() => read({ choices: [{ text, finish_reason: "stop" }] }, true)).toThrow("without text");
    expect(() => read({ choices: [{ text, finish_reason: null }] })).toThrow("without text");
  }
  expect(read({ choices: [{ finish_reason: "stop" }] })).toMatchObject({ choices: [{ delta: {} }] });
  // A host that answers with chat must not pass for one that has nothing to say.
  const chat = { delta: { content: "hi" }, message: { content: "hi" } };
  for (const isWhole of [true, false])
    expect(() => read({ choices: [{ ...chat, finish_reason: "stop" }] }, isWhole)).toThrow("without text");
});

const chunk = (content: string, logprobs: unknown): ChatCompletionChunk =>
  ({
    id: "1",
    created: 1,
    model: "m",
    ...(read({ choices: [{ index: 0, text: content, logprobs, finish_reason: null }] }) as object),
  }) as ChatCompletionChunk;

test("probabilities of all pieces stand in one list each, and nothing hostile in them counts", () => {
  const one = { tokens: ["a"], token_logprobs: [-1], top_logprobs: [{ a: -1, b: -2 }], text_offset: [0] };
  const two = { tokens: ["b", "c"], token_logprobs: [-1, null], top_logprobs: null, text_offset: [1, 2], "": "odd" };
  expect(toTextChunk(chunk("a", one), "").choices).toEqual([
    { index: 0, text: "a", logprobs: one, finish_reason: null },
  ]);
  const pieces = [one, two].flatMap((piece) => chunk("", piece).choices[0]?.logprobs?.content ?? []);
  const completion = {
    id: "1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "abc" },
        logprobs: { content: [...pieces, "odd" as never, null as never] },
        finish_reason: "stop",
      },
    ],
  } satisfies ChatCompletion;
  expect(toTextCompletion(completion, "> ").choices).toEqual([
    {
      index: 0,
      text: "> abc",
      logprobs: {
        tokens: ["a", "b", "c"],
        token_logprobs: [-1, -1, null],
        top_logprobs: [{ a: -1, b: -2 }],
        text_offset: [0, 1, 2],
        "": "odd",
      },
      finish_reason: "stop",
    },
  ]);
  // The pieces themselves are nobody's to change.
  expect(one.tokens).toEqual(["a"]);
  expect(toTextChunk(chunk("a", "odd"), "").choices[0]?.logprobs).toBe(null);
});

test("a chunk without choices stays one", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
  const only = { id: "1", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage } as const;
  expect(toTextChunk(only, "echo")).toEqual({ ...only, object: "text_completion" });
});
