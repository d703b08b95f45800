import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { lmStudio } from "../../../src/providers/lm-studio.ts";
import type { LocalHostOptions } from "../../../src/providers/local-host.ts";
import { ollama } from "../../../src/providers/ollama.ts";
import type { ThinkTags } from "../../../src/providers/separate-thinking.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";
import { SECRET } from "../../support/secret-leaks.ts";
import { exchange } from "../../support/sent-request.ts";
import { textOf } from "../../support/watched-attempt.ts";
import { makeChunk, makeEvent } from "../../support/wire-response.ts";

const HOSTS = [
  ["lmStudio", lmStudio, "http://127.0.0.1:1234/v1"],
  ["ollama", ollama, "http://127.0.0.1:11434/v1"],
] as const;
const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const sent = {
  model: "qwen3-8b",
  messages: plain.messages,
  stream: true,
  stream_options: { include_usage: true },
};
const model = "qwen3-8b";

test.each(HOSTS)("%s is on this machine, needs no key, and has time to load a model", async (name, host, baseURL) => {
  const provider = host({ model });
  expect(provider).toMatchObject({ name, keepAlives: false, usesKey: false, hostTimeouts: { headersMs: 600_000 } });
  expect(provider.unable(makeCall({ request: plain }))).toBeUndefined();
  const { url, headers, body } = await exchange(provider, plain);
  expect(url).toBe(`${baseURL}/chat/completions`);
  expect(headers?.has("authorization")).toBe(false);
  expect(body).toEqual(sent);
});

test.each(HOSTS)("%s may stand elsewhere, behind a key", async (_, host) => {
  const provider = host({ model, baseURL: "https://gpu.test/v1", apiKey: SECRET, name: "gpu" });
  expect(provider).toMatchObject({ name: "gpu", usesKey: true, hostTimeouts: {} });
  const { url, headers } = await exchange(provider, plain);
  expect(url).toBe("https://gpu.test/v1/chat/completions");
  expect(headers?.get("authorization")).toBe(`Bearer ${SECRET}`);
  expect(host({ model, apiKey: undefined }).unable(makeCall({ request: plain }))).toBe("no_key");
});

test.each(HOSTS)("%s stands under /v1 where the address has no path", async (_, host) => {
  const urls = ["http://gpu.test", "http://gpu.test:99/", "http://gpu.test/llm"].map(async (baseURL) => {
    const { url } = await exchange(host({ model, baseURL }), plain);
    return url;
  });
  expect(await Promise.all(urls)).toEqual([
    "http://gpu.test/v1/chat/completions",
    "http://gpu.test:99/v1/chat/completions",
    "http://gpu.test/llm/chat/completions",
  ]);
});

test.each(HOSTS)("%s is asked for a model of its own; without one nobody knows it yet", (_, host) => {
  expect(host({ model }).model("deepseek-flash")).toBe(model);
  expect(host({ models: { "deepseek-flash": model } }).model("deepseek-flash")).toBe(model);
  // A variable that is not set names none.
  for (const options of [undefined, {}, { model: "" }, { model: undefined }, { models: {} }, { models: undefined }]) {
    expect(host(options).model("deepseek-flash")).toBe("deepseek-flash");
    expect(host(options).window("deepseek-flash")).toBeUndefined();
  }
  expect(host({ contextWindow: 8_192 }).window("deepseek-flash")).toBe(8_192);
});

test.each(HOSTS)("%s refuses options out of range", (_, host) => {
  for (const options of [
    null,
    5,
    { model: 5 },
    { models: 5 },
    { model, keepAlives: true },
    { model, thinkTags: true },
  ]) {
    expect(thrownBy(() => host(options as LocalHostOptions))).toMatchObject({ code: "invalid_options" });
  }
  expect(thrownBy(() => host({ model, baseURL: "http://gpu.test", apiKey: SECRET }))).toMatchObject({
    code: "invalid_options",
  });
});

const JSON_SCHEMA = {
  response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
};

test.each<[object, object]>([
  [{ thinking: { type: "enabled" } }, {}],
  [{ thinking: { type: "disabled" }, reasoning_effort: "high" }, {}],
  [{ reasoning_effort: "low" }, { reasoning_effort: "low" }],
  [{ reasoning_effort: "max" }, { reasoning_effort: "high" }],
  [{ response_format: { type: "json_object" } }, JSON_SCHEMA],
  [{ response_format: { type: "text" } }, { response_format: { type: "text" } }],
  [JSON_SCHEMA, JSON_SCHEMA],
])("LM Studio gets %o as %o", async (fields, expected) => {
  expect((await exchange(lmStudio({ model }), { ...plain, ...fields })).body).toEqual({ ...sent, ...expected });
});

test.each<[object, object]>([
  [{ thinking: { type: "enabled" } }, {}],
  [{ thinking: { type: "disabled" } }, { reasoning_effort: "none" }],
  [{ thinking: { type: "disabled" }, reasoning_effort: "high" }, { reasoning_effort: "none" }],
  [{ reasoning_effort: "max" }, { reasoning_effort: "high" }],
  [{ reasoning_effort: "xhigh" }, { reasoning_effort: "high" }],
  [{ reasoning_effort: "minimal" }, { reasoning_effort: "low" }],
  [{ reasoning_effort: "medium" }, { reasoning_effort: "medium" }],
  [{ response_format: { type: "text" } }, { response_format: { type: "text" } }],
])("Ollama gets %o as %o", async (fields, expected) => {
  expect((await exchange(ollama({ model }), { ...plain, ...fields })).body).toEqual({ ...sent, ...expected });
});

test("earlier thinking is sent to each by the name it reads", async () => {
  const said = { role: "assistant", content: "a", reasoning_content: "hm" } as const;
  const request = { ...plain, messages: [said] };
  expect((await exchange(lmStudio({ model }), request)).body).toEqual({ ...sent, messages: [said] });
  expect((await exchange(ollama({ model }), request)).body).toEqual({
    ...sent,
    messages: [{ role: "assistant", content: "a", reasoning: "hm" }],
  });
});

/** The text of an answer whose thinking is closed, and was opened nowhere, in the middle of a line. */
async function textAfterThinking(host: typeof lmStudio, name: string, thinkTags?: ThinkTags) {
  const events = [makeEvent(makeChunk({ content: "hm </think>Hello" })), makeEvent(makeChunk({}, "stop"))];
  return textOf((await exchange(host({ model: name, thinkTags }), plain, events)).chunks);
}

test.each([
  ["deepseek-r1-0528-qwen3-8b", "Hello"],
  ["lmstudio-community/DeepSeek-R1-Distill-Llama-8B", "Hello"],
  ["qwq-32b", "Hello"],
  ["qwen3-4b-thinking-2507", "Hello"],
  ["qwen3-8b", "hm </think>Hello"],
  ["deepseek-v3", "hm </think>Hello"],
])("LM Studio's model %s says how its thinking is marked", async (name, text) => {
  expect(await textAfterThinking(lmStudio, name)).toBe(text);
});

test("the option wins over the model's name, and Ollama separates by itself", async () => {
  expect(await textAfterThinking(lmStudio, "qwq-32b", "auto")).toBe("hm </think>Hello");
  expect(await textAfterThinking(lmStudio, "qwen3-8b", "implicit")).toBe("Hello");
  expect(await textAfterThinking(ollama, "deepseek-r1:14b")).toBe("hm </think>Hello");
  expect(await textAfterThinking(ollama, "deepseek-r1:14b", "implicit")).toBe("Hello");
  expect(await textAfterThinking(ollama, "x", "none")).toBe("hm </think>Hello");
});
