import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { models } from "../../../src/endpoints/look-ups.ts";
import { type OllamaOptions, ollama } from "../../../src/providers/ollama.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";
import { SECRET } from "../../support/secret-leaks.ts";
import { drain, textOf, watchAttempt } from "../../support/watched-attempt.ts";
import { fetchThat, HANG, makeBody, makeResponse, type Piece } from "../../support/wire-response.ts";

const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const line = (message: object, more: object = {}) =>
  `${JSON.stringify({ model: "qwen3:8b", created_at: "2026-08-04T19:58:20Z", message, done: false, ...more })}\n`;
const END = line({ content: "" }, { done: true, done_reason: "stop", prompt_eval_count: 5, eval_count: 2 });
const ANSWER = [line({ role: "assistant", content: "", thinking: "hm" }), line({ content: "Hi" }), END];

const native = (options: Partial<OllamaOptions> = {}) => ollama({ model: "qwen3:8b", route: "native", ...options });

async function exchange(provider = native(), call: Partial<AttemptCall> = {}, pieces: readonly Piece[] = ANSWER) {
  const { fetch, requests } = fetchThat(() => makeResponse(pieces, 200, { "content-type": "application/x-ndjson" }));
  const watched = watchAttempt({ request: plain, provider: provider.name, model: "qwen3:8b", fetch, ...call });
  const chunks = await provider.send(watched.call).then(drain);
  const [sent] = requests;
  return { url: sent?.url, headers: sent?.headers, sent: sent?.body ? JSON.parse(sent.body) : undefined, chunks };
}

test("a request goes to its own route, in its own words, and the answer comes in DeepSeek's", async () => {
  const { url, headers, sent, chunks } = await exchange(native({ contextWindow: 32_768, keepAlive: "30m" }));
  expect(url).toBe("http://127.0.0.1:11434/api/chat");
  expect(headers?.get("accept")).toBe("application/x-ndjson");
  expect(headers?.get("content-type")).toBe("application/json");
  expect(sent).toEqual({
    model: "qwen3:8b",
    messages: plain.messages,
    stream: true,
    truncate: false,
    shift: false,
    keep_alive: "30m",
    options: { num_ctx: 32_768 },
  });
  expect(chunks.map(({ choices }) => choices[0]?.delta.reasoning_content ?? "").join("")).toBe("hm");
  expect(textOf(chunks)).toBe("Hi");
  expect(chunks.at(-1)).toMatchObject({
    choices: [{ finish_reason: "stop" }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
});

test.each<[object, unknown]>([
  [{}, undefined],
  [{ thinking: { type: "enabled" } }, true],
  [{ thinking: { type: "disabled" } }, false],
  [{ thinking: { type: "disabled" }, reasoning_effort: "high" }, false],
  [{ reasoning_effort: "none" }, false],
  [{ thinking: { type: "enabled" }, reasoning_effort: "medium" }, "medium"],
  [{ reasoning_effort: "max" }, "high"],
  [{ reasoning_effort: "minimal" }, "low"],
  [{ think: "max" }, "max"],
])("of %o thinking is %o", async (fields, think) => {
  const { sent } = await exchange(native(), { request: { ...plain, ...fields } });
  expect(sent.think).toBe(think);
});

test("earlier thinking, a developer and the newer limit are said as they are known there", async () => {
  const messages = [
    { role: "developer", content: "be" },
    ...plain.messages,
    { role: "assistant", content: "a", reasoning_content: "hm", refusal: null },
    { role: "assistant", content: "b", reasoning_content: "" },
    ...plain.messages,
  ] as unknown as ChatRequest["messages"];
  const { sent } = await exchange(native(), { request: { ...plain, messages, max_completion_tokens: 7 } });
  expect(sent).toMatchObject({ options: { num_predict: 7 } });
  expect(sent.messages).toEqual([
    { role: "system", content: "be" },
    ...plain.messages,
    { role: "assistant", content: "a", thinking: "hm" },
    { role: "assistant", content: "b" },
    ...plain.messages,
  ]);
});

test("a window that is none is refused by its name", () => {
  for (const contextWindow of [null, 0, "8k"])
    expect(thrownBy(() => native({ contextWindow } as never))).toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining("contextWindow"),
    });
});

test("each model may have a window of its own", async () => {
  const provider = native({ contextWindow: { "qwen3:8b": 8192 } });
  expect((await exchange(provider)).sent.options).toEqual({ num_ctx: 8192 });
  expect((await exchange(provider, { model: "llama" })).sent.options).toEqual({});
});

test("an answer may come whole", async () => {
  const whole = line({ content: "Hi" }, { done: true, done_reason: "stop" }).trim();
  const { headers, sent, chunks } = await exchange(native(), { wire: "json" }, [whole]);
  expect(headers?.get("accept")).toBe("application/json");
  expect(sent).toMatchObject({ stream: false });
  expect(textOf(chunks)).toBe("Hi");
  // Some hosts stream whatever was asked for.
  expect(textOf((await exchange(native(), { wire: "json" })).chunks)).toBe("Hi");
});

test.each([
  ["http://gpu.local:11434", "http://gpu.local:11434"],
  ["http://gpu.local:11434/", "http://gpu.local:11434"],
  ["http://gpu.local:11434/v1", "http://gpu.local:11434"],
  ["http://gpu.local:11434/v1//", "http://gpu.local:11434"],
  ["http://gpu.local:11434/api", "http://gpu.local:11434"],
  ["https://proxy.test/ollama/v1", "https://proxy.test/ollama"],
  ["https://v1.test", "https://v1.test"],
])("the base URL %s may end as that of either route", async (baseURL, host) => {
  const provider = native({ baseURL });
  expect((await exchange(provider)).url).toBe(`${host}/api/chat`);
  const { endpoint } = models;
  const list = await exchange(provider, { endpoint, wire: "json", allowEmpty: true }, ['{"data":[{"id":"qwen3:8b"}]}']);
  expect(list.url).toBe(`${host}/v1/models`);
  expect(list.sent).toBeNull();
});

test("a key goes along, and not over plain HTTP", async () => {
  const { headers } = await exchange(native({ baseURL: "https://ollama.com", apiKey: SECRET }));
  expect(headers?.get("authorization")).toBe(`Bearer ${SECRET}`);
  expect(thrownBy(() => native({ baseURL: "http://gpu.test", apiKey: SECRET }))).toMatchObject({
    code: "invalid_options",
  });
});

test("what cannot be said there is asked elsewhere", () => {
  const forced = { ...plain, tools: [{ type: "function", function: { name: "f" } }], tool_choice: "required" } as const;
  const call = makeCall({ request: forced });
  expect(native().unable(call)).toBe("tools");
  expect(native({ abilities: { tools: false } }).unable(call)).toBe("tools");
  expect(native().unable(makeCall({ request: plain }))).toBeUndefined();
  const odd = makeCall({ request: { ...plain, response_format: { type: "grammar" } } });
  expect(native().unable(odd)).toBe("json");
  expect(ollama({ model: "qwen3:8b" }).unable(odd)).toBeUndefined();
  expect(native({ apiKey: "" }).unable(call)).toBe("no_key");
  expect(
    native().unable(makeCall({ request: plain, endpoint: { name: "fim", path: "/x", read: (json) => json } })),
  ).toBe("endpoint");
});

test.each<[object, string]>([
  [{ route: "ollama" }, 'ollama: route must be "openai" or "native", got a value of type string.'],
  [{ keepAlive: true }, 'ollama: keepAlive must be a duration as in "30m", or seconds, got true.'],
  [{ keepAlive: "soon" }, 'ollama: keepAlive must be a duration as in "30m", or seconds, got a value of type string.'],
  [{ keepAlive: Number.NaN }, 'ollama: keepAlive must be a duration as in "30m", or seconds, got NaN.'],
  [{ route: "openai", keepAlive: "30m" }, 'ollama: keepAlive needs route: "native".'],
  [{ route: undefined, name: "gpu", keepAlive: 60 }, 'gpu: keepAlive needs route: "native".'],
  [{ baseURL: "gpu" }, "ollama: baseURL must be a URL that begins with https:// or http://."],
  [{ baseURL: "http://gpu.test?x" }, "ollama: baseURL must not hold a query or fragment."],
])("the options %o are refused", (options, message) => {
  expect(thrownBy(() => native(options))).toMatchObject({ code: "invalid_options", message });
});

test.each(["30m", "1h30m", "-1m", "500ms", 60, 0, -1])("a model may stay loaded for %s", async (keepAlive) => {
  expect((await exchange(native({ keepAlive }))).sent).toMatchObject({ keep_alive: keepAlive });
});

test("thinking inside the text is told apart, and thinkTags says how", async () => {
  const thinking = [line({ content: "<think>hm</think>Hello" }), END];
  expect(textOf((await exchange(native(), {}, thinking)).chunks)).toBe("Hello");
  expect(textOf((await exchange(native({ thinkTags: "none" }), {}, thinking)).chunks)).toBe("<think>hm</think>Hello");
});

test.each<[string, readonly Piece[], object]>([
  ["without its end", [line({ content: "Hi" })], { code: "stream_interrupted" }],
  ["with an end that gives no reason", [line({ content: "Hi" }, { done: true })], { code: "stream_interrupted" }],
  ["cut in a line", [line({ content: "Hi" }), '{"model":"qw'], { code: "stream_interrupted" }],
  [
    "that only loaded the model",
    [line({ content: "" }, { done: true, done_reason: "load" })],
    { code: "unexpected_response" },
  ],
  [
    "with an error in its middle",
    [line({ content: "Hi" }), '{"error":"model runner has unexpectedly stopped"}\n'],
    { code: "busy" },
  ],
  [
    "that is too long for it",
    ['{"error":"the input length exceeds the context length"}\n'],
    { code: "context_length" },
  ],
  [
    "nested beyond any sense",
    [`${'{"message":'.repeat(100_000)}1${"}".repeat(100_000)}\n`],
    { code: "stream_interrupted" },
  ],
  [
    "with arguments nested beyond any sense",
    [
      line({ content: "", tool_calls: [{ function: { name: "f", arguments: "#" } }] }).replace(
        '"#"',
        `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
      ),
    ],
    { code: "unexpected_response" },
  ],
  [
    "of a prototype",
    ['{"__proto__":{"message":{"content":"Hi"},"done":true,"done_reason":"stop"}}\n'],
    { code: "unexpected_response" },
  ],
  ["in another protocol", ['data: {"choices":[]}\n\n'], { code: "unexpected_response" }],
])("an answer %s is a typed error", async (_, pieces, expected) => {
  expect(await rejectionOf(exchange(native(), {}, pieces))).toMatchObject(expected);
});

test("an abort closes the connection, in the middle of a line too", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const body = makeBody([line({ content: "Hi" }), '{"model', HANG]);
  const { fetch } = fetchThat(() => new Response(body.stream));
  const { call } = watchAttempt({ request: plain, provider: "ollama", model: "qwen3:8b", fetch, signal });
  const reply = await native().send(call);
  expect(reply.take()).toMatchObject({ choices: [{ delta: { content: "Hi" } }] });
  const more = rejectionOf(reply.more());
  const reason = new Error("enough");
  controller.abort(reason);
  expect(await more).toBe(reason);
  expect(body.isCancelled).toBe(true);
});
