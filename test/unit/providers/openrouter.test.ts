import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { openrouter } from "../../../src/providers/openrouter.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { exchange } from "../../support/sent-request.ts";

const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const usage = { stream: true, stream_options: { include_usage: true } };
const sent = { model: "deepseek/deepseek-v4.1-flash", messages: plain.messages, ...usage };

beforeEach(() => {
  vi.stubEnv("OPENROUTER_API_KEY", undefined);
  vi.stubEnv("DEEPSEEK_API_KEY", "sk-of-another-host-1234");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("it is OpenRouter unless told otherwise", () => {
  const provider = openrouter({ apiKey: SECRET });
  expect(provider).toMatchObject({ name: "openrouter", keepAlives: true, usesKey: true, hostTimeouts: {} });
  expect(openrouter({ apiKey: SECRET, name: "or", afterRounds: 2 })).toMatchObject({ name: "or", afterRounds: 2 });
  expect(everythingSaidBy(provider)).not.toContain(SECRET);
});

test.each<[string, string, Parameters<typeof openrouter>[0]]>([
  ["deepseek-flash", "deepseek/deepseek-v4.1-flash", {}],
  ["deepseek-v4-pro", "deepseek/deepseek-v4-pro", {}],
  ["qwen/qwen3", "qwen/qwen3", {}],
  ["toString", "toString", {}],
  ["deepseek-flash", "mine", { models: { "deepseek-flash": "mine" } }],
  ["deepseek-v4-pro", "deepseek/deepseek-v4-pro", { models: { "deepseek-flash": "mine" } }],
  ["deepseek-flash", "only", { model: "only", models: { "deepseek-flash": "mine" } }],
])("DeepSeek's name %s is sent as %s with %o", (requested, name, options) => {
  expect(openrouter(options).model(requested)).toBe(name);
});

test("a request goes to its address with its key, and in its words", async () => {
  const { url, headers, body } = await exchange(openrouter({ apiKey: SECRET }), plain);
  expect(url).toBe("https://openrouter.ai/api/v1/chat/completions");
  expect(headers?.get("authorization")).toBe(`Bearer ${SECRET}`);
  expect(body).toEqual(sent);
  const own = openrouter({ apiKey: SECRET, baseURL: "https://eu.openrouter.test/v1/", headers: { "X-Title": "app" } });
  const other = await exchange(own, plain);
  expect(other.url).toBe("https://eu.openrouter.test/v1/chat/completions");
  expect(other.headers?.get("x-title")).toBe("app");
});

test.each<[object, object]>([
  [{ thinking: { type: "enabled" } }, { reasoning: { enabled: true } }],
  [{ thinking: { type: "disabled" } }, { reasoning: { enabled: false } }],
  [{ thinking: { type: "disabled" }, reasoning_effort: "high" }, { reasoning: { enabled: false } }],
  [{ reasoning_effort: "low" }, { reasoning: { effort: "low" } }],
  [{ thinking: { type: "enabled" }, reasoning_effort: "max" }, { reasoning: { effort: "xhigh" } }],
  [{ reasoning_effort: "high", reasoning: { max_tokens: 9 } }, { reasoning: { max_tokens: 9 } }],
  [
    { response_format: { type: "text" }, user: "u" },
    { response_format: { type: "text" }, user: "u" },
  ],
  [{ provider: { sort: "price" } }, { provider: { sort: "price" } }],
])("%o is sent as %o", async (fields, expected) => {
  const { body } = await exchange(openrouter({ apiKey: SECRET }), { ...plain, ...fields });
  expect(body).toEqual({ ...sent, ...expected });
});

test("earlier thinking is sent by its name", async () => {
  const said = { role: "assistant", content: "a", reasoning_content: "hm" } as const;
  const { body } = await exchange(openrouter({ apiKey: SECRET }), { ...plain, messages: [said] });
  expect(body).toEqual({ ...sent, messages: [{ role: "assistant", content: "a", reasoning: "hm" }] });
});

test("the key is that of its own variable, read with each request; without one it is skipped", async () => {
  const provider = openrouter();
  const call = makeCall({ request: plain });
  expect(provider.unable(call)).toBe("no_key");
  expect(await rejectionOf(exchange(provider, plain))).toMatchObject({ code: "missing_api_key" });
  expect(openrouter({ apiKey: " " }).unable(call)).toBe("no_key");
  vi.stubEnv("OPENROUTER_API_KEY", SECRET);
  for (const each of [provider, openrouter({ apiKey: "" }), openrouter({ apiKey: undefined })]) {
    expect(each.unable(call)).toBeUndefined();
    expect((await exchange(each, plain)).headers?.get("authorization")).toBe(`Bearer ${SECRET}`);
  }
  const own = await exchange(openrouter({ apiKey: () => "sk-own-key-1234567890" }), plain);
  expect(own.headers?.get("authorization")).toBe("Bearer sk-own-key-1234567890");
});

test("it takes no pictures, unless told that its model does", () => {
  const image = { type: "image_url", image_url: { url: "https://x.test/a.png" } } as const;
  const call = makeCall({ request: { ...plain, messages: [{ role: "user", content: [image] }] } });
  expect(openrouter({ apiKey: SECRET }).unable(call)).toBe("images");
  expect(openrouter({ apiKey: SECRET, abilities: { images: true } }).unable(call)).toBeUndefined();
});

test.each<[unknown, string]>([
  [{ keepAlives: true }, "openrouter: unknown option keepAlives."],
  [{ thinkTags: "yes" }, 'openrouter: thinkTags must be "auto" or "implicit" or "none"'],
  [{ apiKey: 5 }, "openrouter: apiKey must be a string or a function, got 5."],
  [{ models: ["a"] }, "openrouter: models must be an object of model names"],
  [{ models: { a: 1 } }, "openrouter: models must be an object of model names"],
  [{ contextWindow: 0 }, "openrouter: contextWindow must be a whole number of tokens from 1, got 0."],
  [{ baseURL: "http://openrouter.ai" }, "openrouter: refusing to send an API key over http://"],
  [{ headers: { Authorization: "x" } }, 'openrouter: headers must not set "authorization"'],
  [null, "expected an object of options"],
  ["sk-x", "expected an object of options"],
])("an option out of range is refused: %o", (options, message) => {
  const error = thrownBy(() => openrouter(options as Parameters<typeof openrouter>[0]));
  expect(error).toMatchObject({ code: "invalid_options" });
  expect((error as Error).message).toContain(message);
});
