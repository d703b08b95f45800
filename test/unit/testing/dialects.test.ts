import { expect, test } from "vitest";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../../src/testing/index.ts";
import { ask, BASE, initOf } from "./ask.ts";

const CALL = { id: "call_a", type: "function", function: { name: "now", arguments: '{"zone":"utc"}' } } as const;
const MODEL = { model: "deepseek/deepseek-v4.1-flash" };
const STREAM = { ...MODEL, stream: true, stream_options: { include_usage: true } };
const ANSWER = { reasoning: "a b", content: "c d", toolCalls: [CALL] };

const create = (options: SimulatorOptions) => createSimulator({ answer: () => ANSWER, ...options });

interface AnyChunk extends Record<string, unknown> {
  readonly choices: readonly { readonly delta: Record<string, unknown>; readonly finish_reason: string | null }[];
}
async function chunksOf(options: SimulatorOptions, overrides: object = STREAM) {
  const { text } = await ask(create(options), overrides);
  const lines = text.split("\n\n");
  const chunks = lines
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)) as AnyChunk);
  const join = (field: string) => chunks.map(({ choices }) => choices[0]?.delta[field] ?? "").join("");
  return { lines, chunks, join };
}
const json = async (options: SimulatorOptions, overrides: object = MODEL) =>
  JSON.parse((await ask(create(options), overrides)).text) as Record<string, unknown>;

test("OpenRouter comments before and between, thinks in reasoning, and finishes twice, with usage the second time", async () => {
  const { lines, chunks, join } = await chunksOf({ dialect: "openrouter" });
  expect(lines[0]).toBe(": OPENROUTER PROCESSING");
  expect(lines.slice(1, -2)).toContain(": OPENROUTER PROCESSING");
  expect(lines.slice(-2)).toEqual(["data: [DONE]", ""]);
  expect([join("reasoning"), join("content")]).toEqual(["a b", "c d"]);
  expect(chunks[0]).toMatchObject({
    provider: "DeepSeek",
    choices: [{ delta: { reasoning_details: [{ type: "reasoning.text", text: "a", index: 0 }] } }],
  });
  expect(chunks.slice(-3).map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, "tool_calls", "tool_calls"]);
  expect(chunks.map(({ usage }) => usage !== undefined).indexOf(true)).toBe(chunks.length - 1);
  expect(chunks.at(-1)).toMatchObject({
    usage: { completion_tokens: 8, cost: expect.any(Number) as number },
    choices: [{ native_finish_reason: "tool_calls" }],
  });
});

test("OpenRouter's one body has the thinking, its details and the cost", async () => {
  expect(await json({ dialect: "openrouter" })).toMatchObject({
    provider: "DeepSeek",
    choices: [
      { message: { content: "c d", reasoning: "a b", tool_calls: [CALL] }, native_finish_reason: "tool_calls" },
    ],
    usage: { cost: expect.any(Number) as number, is_byok: false },
  });
});

test("OpenRouter's errors have a number for a code, and what the provider said in metadata.raw", async () => {
  expect(await json({ dialect: "openrouter", script: [{ kind: "rate_limited", concurrencyLimit: 5 }] })).toEqual({
    error: {
      message: "Provider returned error",
      code: 429,
      metadata: { raw: expect.stringContaining("concurrency limit of 5") as string, provider_name: "DeepSeek" },
    },
  });
  expect(await json({ dialect: "openrouter", script: ["authentication"] })).toEqual({
    error: { message: "Missing Authentication header", code: 401 },
  });
});

test("an error in OpenRouter's stream rides on a chunk, after the finish, with usage, before [DONE]", async () => {
  const { chunks, lines } = await chunksOf({
    dialect: "openrouter",
    script: [{ kind: "in_stream_error", afterTokens: 2, status: 502 }],
  });
  expect(chunks.length).toBe(3);
  expect(chunks[2]).toMatchObject({ error: { code: 502 }, choices: [{ finish_reason: null }], usage: {} });
  expect(lines.at(-2)).toBe("data: [DONE]");
});

test("OpenRouter has its default model, and those it is given; DeepSeek's rules are not its own", async () => {
  const status = async (overrides: object) =>
    (await ask(create({ dialect: "openrouter", models: ["x/y"] }), overrides)).status;
  expect(await status(MODEL)).toBe(200);
  expect(await status({ model: "x/y", tool_choice: "required" })).toBe(200);
  expect(await status({ model: "nobody/nothing" })).toBe(400);
  expect(await status({ ...MODEL, messages: [] })).toBe(400);
});

/** A first answer, and what comes of a request that ends with a piece of it. */
async function continued(options: SimulatorOptions, cut: (whole: { content: string; reasoning: string }) => object) {
  const simulator = createSimulator(options);
  await ask(simulator, MODEL);
  const whole = simulator.requests[0]?.answer ?? { content: "", reasoning: "" };
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", ...cut(whole) },
  ];
  const { choices } = JSON.parse((await ask(simulator, { ...MODEL, messages })).text) as {
    choices: { message: { content: string | null; reasoning?: string | null } }[];
  };
  return { whole, simulator, message: choices[0]?.message };
}

// Fact sheet, section 6, "Continuation on other hosts".
test.each(["openrouter", "ollama"] as const)(
  "%s goes on where a last message of the assistant ends",
  async (dialect) => {
    const { whole, message } = await continued({ dialect }, ({ content }) => ({ content: content.slice(0, 30) }));
    expect(whole.content.slice(0, 30) + message?.content).toBe(whole.content);
    // Once there is text, the thinking is over.
    expect(message?.reasoning ?? "").toBe("");
  },
);

test.each(["openrouter", "ollama"] as const)("%s goes on thinking where no text had come yet", async (dialect) => {
  const { whole, message } = await continued({ dialect }, ({ reasoning }) => ({
    content: "",
    reasoning: reasoning.slice(0, 15),
  }));
  expect(whole.reasoning.slice(0, 15) + (message?.reasoning ?? "")).toBe(whole.reasoning);
  expect(message?.content).toBe(whole.content);
});

test.each(["openrouter", "ollama"] as const)(
  "an empty last message tells %s of no answer: it begins a new one",
  async (dialect) => {
    const { whole, message, simulator } = await continued({ dialect }, () => ({ content: "" }));
    expect(message?.content).not.toBe(whole.content);
    expect(simulator.isWholeAnswer(message?.content ?? "")).toBe(true);
  },
);

test("LM Studio begins again, whatever the last message is", async () => {
  const { whole, message, simulator } = await continued({ dialect: "lmStudio" }, ({ content }) => ({
    content: content.slice(0, 30),
  }));
  expect(`${whole.content.slice(0, 30)}${message?.content}`).not.toBe(whole.content);
  expect(message?.content).toMatch(/^<think>/);
  expect(simulator.isWholeAnswer((message?.content ?? "").replace(/^[\s\S]*<\/think>/, ""))).toBe(true);
});

test.each([
  ["both", "<think>a b</think>c d"],
  ["close", "a b</think>c d"],
] as const)("LM Studio thinks within its text, in a tag: %s", async (thinkTag, content) => {
  const options: SimulatorOptions = { dialect: "lmStudio", thinkTag };
  expect((await chunksOf(options)).join("content")).toBe(content);
  expect(await json(options)).toMatchObject({ choices: [{ message: { content } }] });
});

test("LM Studio gives usage only when asked, on a chunk without choices, and errors as plain texts", async () => {
  const { chunks } = await chunksOf({ dialect: "lmStudio" });
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 8 } });
  const unasked = await chunksOf({ dialect: "lmStudio" }, { ...STREAM, stream_options: undefined });
  expect(unasked.chunks.some(({ usage }) => usage)).toBe(false);
  expect(await json({ dialect: "lmStudio", script: ["invalid_request"] })).toEqual({ error: "Invalid request" });
});

test("Ollama thinks in reasoning, calls tools in one chunk, and gives usage on a chunk without choices", async () => {
  const { chunks, join } = await chunksOf({ dialect: "ollama" });
  expect([join("reasoning"), join("content")]).toEqual(["a b", "c d"]);
  expect(chunks.every(({ system_fingerprint: print }) => print === "fp_ollama")).toBe(true);
  const calls = chunks.flatMap(({ choices }) => choices[0]?.delta["tool_calls"] ?? []);
  expect(calls).toEqual([{ id: "call_a", index: 0, type: "function", function: CALL.function }]);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 8 } });
  expect(await json({ dialect: "ollama" })).toMatchObject({ choices: [{ message: { reasoning: "a b" } }] });
});

test("Ollama's errors end with a line, and tell by how many tokens a prompt is too long", async () => {
  const said = async (script: SimulatorOptions["script"]) =>
    (await ask(create({ dialect: "ollama", script }), MODEL)).text;
  expect(await said(["busy"])).toMatch(
    /^\{"error":\{"message":"Service is too busy.*","type":"api_error","param":null,"code":null\}\}\n$/,
  );
  expect(await said([{ kind: "context_length", maxTokens: 100, requestedTokens: 130 }])).toBe(
    '{"error":{"message":"prompt too long; exceeded max context length by 30 tokens","type":"invalid_request_error","param":null,"code":null}}\n',
  );
});

test("local hosts need no key and serve any model, OpenRouter does need one", async () => {
  for (const dialect of ["lmStudio", "ollama"] as const) {
    const simulator = create({ dialect });
    const init = { ...initOf({ model: "qwen3-8b" }), headers: {} };
    expect((await simulator.fetch(`${BASE}/v1/chat/completions`, init)).status).toBe(200);
    const named = create({ dialect, models: ["a"] });
    expect((await ask(named, { model: "b" })).status).toBe(400);
  }
  const init = { ...initOf(MODEL), headers: {} };
  expect((await create({ dialect: "openrouter" }).fetch(`${BASE}/chat/completions`, init)).status).toBe(401);
});

test("local hosts keep nobody alive while they wait", async () => {
  const clock = createVirtualClock(0);
  const simulator = create({ clock, dialect: "ollama", timing: { headMs: 60_000 }, script: ["queue"] });
  const { text } = await clock.run(ask(simulator, STREAM));
  expect(text).toMatch(/^data: /);
  expect(clock.now()).toBe(90_000);
});

test("troubles and layouts are the same in every dialect", async () => {
  for (const dialect of ["openrouter", "lmStudio", "ollama"] as const) {
    const { chunks } = await chunksOf({ dialect, script: [{ kind: "finish", afterTokens: 3, reason: "aborted" }] });
    expect(chunks.some(({ choices }) => choices[0]?.finish_reason === "aborted")).toBe(true);
    const ended = await chunksOf({ dialect, script: [{ kind: "end", afterTokens: 3 }] });
    expect(ended.chunks.every(({ choices }) => choices[0]?.finish_reason === null)).toBe(true);
    const framing = { lineEnd: "\r\n", writeBytes: 1 } as const;
    const { text } = await ask(create({ dialect, framing }), STREAM);
    expect(text).toMatch(/data: \[DONE\]\r\n\r\n$/);
  }
});
