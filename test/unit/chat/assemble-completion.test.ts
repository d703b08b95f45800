import fc from "fast-check";
import { expect, test } from "vitest";
import { countTokens, createCompletionAssembler } from "../../../src/chat/assemble-completion.ts";
import type { ChatCompletion, ChatCompletionChunk, ChunkDelta, Usage } from "../../../src/chat/chat-response.ts";
import { createResilientClient, custom } from "../../../src/index.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";

const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

function chunk(delta: ChunkDelta, finishReason: string | null = null, more: object = {}): ChatCompletionChunk {
  return {
    id: "chat-1",
    object: "chat.completion.chunk",
    created: 1_780_944_343,
    model: "deepseek-flash",
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    ...more,
  };
}

/** The completion these chunks make. Outside data: a server may send fields no type knows. */
function assemble(...chunks: readonly ChatCompletionChunk[]): ChatCompletion {
  const assembler = createCompletionAssembler();
  for (const each of chunks) assembler.add(each);
  return assembler.completion();
}

const messageOf = (completion: ChatCompletion) => completion.choices[0]?.message;
const toolPiece = (args: string) => ({ index: 0, id: "a", function: { name: "rm", arguments: args } });

test("a stream becomes the completion that one body would have been", () => {
  const fingerprint = { system_fingerprint: "fp_1" };
  expect(
    assemble(
      chunk({ role: "assistant", content: null, reasoning_content: "" }, null, fingerprint),
      chunk({ content: null, reasoning_content: "I think " }),
      chunk({ content: null, reasoning_content: "so." }),
      chunk({ content: "Hello", reasoning_content: null }),
      chunk({ content: " there." }),
      chunk({ content: "" }, "stop", { ...fingerprint, usage }),
    ),
  ).toEqual({
    id: "chat-1",
    object: "chat.completion",
    created: 1_780_944_343,
    model: "deepseek-flash",
    system_fingerprint: "fp_1",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello there.", reasoning_content: "I think so." },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage,
  });
});

test("what did not come is absent, not empty: no reasoning, no tool calls, no usage", () => {
  const completion = assemble(chunk({ content: "hi" }), chunk({ content: "" }, "stop", { usage: null }));
  expect(Object.keys(completion).toSorted()).toEqual(["choices", "created", "id", "model", "object"]);
  expect(messageOf(completion)).toStrictEqual({ role: "assistant", content: "hi" });
});

test("however the text is cut, also inside a character, the same text comes out", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
      const ends = [...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b);
      const pieces = ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end));
      const completion = assemble(
        ...pieces.map((content) => chunk({ content })),
        ...pieces.map((piece) => chunk({ reasoning_content: piece })),
        chunk({}, "stop"),
      );
      expect(messageOf(completion)?.content).toBe(text);
      expect(messageOf(completion)?.reasoning_content ?? "").toBe(text);
    }),
  );
});

test("the partial answer is what arrived so far, without tool calls", () => {
  const assembler = createCompletionAssembler();
  expect(assembler.partial()).toEqual({ content: "", reasoning_content: "" });
  assembler.add(chunk({ reasoning_content: "hm" }));
  assembler.add(chunk({ content: "Hel", tool_calls: [toolPiece("{}")] }));
  const early = assembler.partial();
  assembler.add(chunk({ content: "lo" }));
  expect(early).toEqual({ content: "Hel", reasoning_content: "hm" });
  expect(assembler.partial()).toEqual({ content: "Hello", reasoning_content: "hm" });
});

test("usage may come on a chunk of its own after the finish, and the last one counts", () => {
  const late = { ...usage, total_tokens: 31 };
  const completion = assemble(
    chunk({ content: "hi" }, "stop", { usage }),
    chunk({}, null, { choices: [], usage: late }),
    chunk({}, null, { choices: [], usage: null }),
  );
  expect(completion.usage).toEqual(late);
  expect(completion.choices[0]?.finish_reason).toBe("stop");
});

test("the model is the one that answered, by the last word of the server", () => {
  expect(assemble(chunk({ content: "hi" }), chunk({}, "stop", { model: "served-model" })).model).toBe("served-model");
});

test("an opener or a usage chunk without id, time and model, as Azure sends them, blanks none of the answer's", () => {
  const blank = { id: "", created: 0, model: "", choices: [] };
  const completion = assemble(
    chunk({}, null, { ...blank, prompt_filter_results: [] }),
    chunk({ content: "hi" }),
    chunk({}, "stop"),
    chunk({}, null, { ...blank, usage }),
  );
  expect(completion).toMatchObject({ id: "chat-1", created: 1_780_944_343, model: "deepseek-flash" });
});

test("fields a server adds are passed through, from wherever in the stream they came", () => {
  const citations = { citations: ["https://example.com"] };
  const finish = { index: 0, delta: {}, finish_reason: "stop", native_finish_reason: "eos" };
  const completion = assemble(
    chunk({ content: "hi" }, null, { provider: "upstream" }),
    chunk({}, null, { choices: [finish] }),
    chunk({}, null, { choices: [], ...citations }),
  );
  expect(completion).toMatchObject({ provider: "upstream", ...citations });
  expect(completion.choices[0]).toMatchObject({ native_finish_reason: "eos", finish_reason: "stop" });
  expect(completion.choices[0]).not.toHaveProperty("delta");
});

test("fields a server adds to the message are passed through", () => {
  const annotations = { annotations: [{ type: "url_citation" }] };
  const delta: ChunkDelta = { content: "hi", ...annotations };
  expect(messageOf(assemble(chunk(delta), chunk({}, "stop")))).toMatchObject(annotations);
});

test("a server's fields do not displace those of a completion", () => {
  const finish = { index: 7, delta: {}, finish_reason: "stop", message: { role: "user", content: "not this" } };
  const completion = assemble(
    chunk({ content: "hi" }, null, { object: "chat.completion.chunk" }),
    chunk({}, null, { choices: [finish], object: "chat.completion.done" }),
  );
  expect(completion.object).toBe("chat.completion");
  expect(completion.choices).toMatchObject([{ index: 0, message: { role: "assistant", content: "hi" } }]);
});

test("a key __proto__ in a server's JSON changes no prototype", () => {
  const hostile = (json: string): ChatCompletionChunk => JSON.parse(json);
  const completion = assemble(
    hostile(
      '{"id":"1","model":"m","created":1,"__proto__":{"polluted":1},"choices":[{"index":0,"__proto__":{"polluted":1},"delta":{"content":"hi","__proto__":{"polluted":1}},"finish_reason":"stop"}],"usage":{"__proto__":{"polluted":1}}}',
    ),
  );
  for (const part of [completion, completion.choices[0], messageOf(completion), completion.usage, {}]) {
    expect(Object.getPrototypeOf(part)).toBe(Object.prototype);
    expect((part as { polluted?: unknown }).polluted).toBeUndefined();
  }
});

test("tool calls are handed out whole", () => {
  const completion = assemble(
    chunk({ tool_calls: [toolPiece('{"path":')] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '"x"}' } }] }),
    chunk({}, "tool_calls"),
  );
  expect(messageOf(completion)).toStrictEqual({
    role: "assistant",
    content: "",
    tool_calls: [{ id: "a", type: "function", function: { name: "rm", arguments: '{"path":"x"}' } }],
  });
});

test("the tool calls of an answer that ran into the limit are never handed out, not even when they look whole", () => {
  for (const args of ["", "{}", '{"path":"/']) {
    const completion = assemble(chunk({ content: "hi", tool_calls: [toolPiece(args)] }), chunk({}, "length"));
    expect(messageOf(completion)).toStrictEqual({ role: "assistant", content: "hi" });
  }
});

/** An answer with several finish reasons, as OpenRouter sends them; undefined when it was not accepted. */
async function answerWith(...reasons: readonly string[]): Promise<ChatCompletion["choices"][number] | undefined> {
  const clock = createVirtualClock();
  const send = async function* () {
    yield chunk({ content: "hi", tool_calls: [toolPiece("")] });
    for (const reason of reasons) yield chunk({}, reason);
  };
  const providers = [custom({ name: "scripted", send })] as const;
  const client = createResilientClient({ clock, providers, retry: false, resume: false, toolCalls: "live" });
  const params = { model: "m", messages: [{ role: "user", content: "hi" }] } as const;
  return clock.run(
    client.chat.completions.create(params).then(
      ({ choices }) => choices[0],
      () => undefined,
    ),
  );
}

const accepted = ["stop", "length", "tool_calls"];
const refused = ["content_filter", "aborted", "insufficient_system_resource", "odd"];

test("a finish reason that comes on several chunks counts once", async () => {
  for (const reason of accepted) expect((await answerWith(reason, reason))?.finish_reason).toBe(reason);
  for (const reason of refused) expect(await answerWith(reason, reason)).toBeUndefined();
});

test("of several finish reasons the one reported is the one that was accepted: never that of a refused answer", async () => {
  const reported: string[] = [];
  for (const [one, other] of refused.flatMap((bad) =>
    accepted.flatMap((good) => [[bad, good] as const, [good, bad] as const]),
  )) {
    const reason = (await answerWith(one, other))?.finish_reason;
    if (reason && !accepted.includes(reason)) reported.push(`${one}, ${other}: success with ${reason}`);
  }
  expect(reported).toEqual([]);
});

test("when one of several finish reasons says that the answer was cut, its tool calls are not handed out", async () => {
  for (const reasons of [
    ["length", "tool_calls"],
    ["tool_calls", "length"],
    ["stop", "length"],
  ]) {
    expect((await answerWith(...reasons))?.message.tool_calls, reasons.join(", ")).toBeUndefined();
  }
});

const token = (text: string) => ({ token: text, logprob: -0.5, bytes: null, top_logprobs: [] });
const withLogprobs = (logprobs: unknown) =>
  chunk({}, null, { choices: [{ index: 0, delta: { content: "x" }, logprobs, finish_reason: null }] });

test("logprobs are added up, those of the text and those of the reasoning each for themselves", () => {
  const completion = assemble(
    withLogprobs({ reasoning_content: [token("r")], content: null }),
    withLogprobs({ content: [token("a")] }),
    withLogprobs(null),
    withLogprobs({ content: [token("b"), token("c")] }),
    chunk({}, "stop"),
  );
  expect(completion.choices[0]?.logprobs).toEqual({
    content: [token("a"), token("b"), token("c")],
    reasoning_content: [token("r")],
  });
});

test("logprobs of the text alone bring no list for the reasoning, and malformed ones are left out", () => {
  const completion = assemble(
    withLogprobs({ content: [token("a")] }),
    withLogprobs({ content: "a" }),
    chunk({}, "stop"),
  );
  expect(completion.choices[0]?.logprobs).toStrictEqual({ content: [token("a")] });
});

test("logprobs of a very long answer are no problem", () => {
  const many = Array.from({ length: 200_000 }, () => token("a"));
  expect(assemble(withLogprobs({ content: many }), chunk({}, "stop")).choices[0]?.logprobs?.content).toHaveLength(
    200_000,
  );
});

test("tokens are counted from what the server sent: DeepSeek's cache fields, or OpenAI's", () => {
  const details = { completion_tokens_details: { reasoning_tokens: 7 } };
  expect(countTokens({ ...usage, ...details, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 2 })).toEqual({
    promptTokens: 10,
    cachedTokens: 8,
    completionTokens: 20,
    reasoningTokens: 7,
  });
  expect(countTokens({ ...usage, prompt_tokens_details: { cached_tokens: 4 } })?.cachedTokens).toBe(4);
  const none = { ...usage, prompt_cache_hit_tokens: 0, prompt_tokens_details: { cached_tokens: 4 } };
  expect(countTokens(none)?.cachedTokens).toBe(0);
  const together = { ...usage, cached_tokens: 4, reasoning_tokens: 22 };
  expect(countTokens(together)).toMatchObject({ cachedTokens: 4, reasoningTokens: 20 });
  expect(countTokens({ ...together, ...details })?.reasoningTokens).toBe(7);
  expect(countTokens(undefined)).toBeUndefined();
});

test("whatever the usage holds, every count is a finite number from 0", () => {
  const field = fc.oneof(fc.anything(), fc.double());
  const details = fc.oneof(fc.anything(), fc.record({ cached_tokens: field, reasoning_tokens: field }));
  const hostile = fc.record(
    {
      prompt_tokens: field,
      completion_tokens: field,
      prompt_cache_hit_tokens: field,
      prompt_tokens_details: details,
      completion_tokens_details: details,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(hostile, (sent) => {
      // A server's usage is passed on unchecked.
      for (const count of Object.values(countTokens(sent as unknown as Usage) ?? {})) {
        expect(Number.isFinite(count) && count >= 0).toBe(true);
      }
    }),
  );
});
