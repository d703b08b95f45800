import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { type DeepSeekOptions, deepseek } from "../../../src/providers/deepseek.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drain, watchAttempt } from "../../support/watched-attempt.ts";
import { DONE, fetchThat, makeChunk, makeEvent, makeResponse } from "../../support/wire-response.ts";

beforeEach(() => {
  vi.stubEnv("DEEPSEEK_API_KEY", undefined);
  vi.stubEnv("DEEPSEEK_BASE_URL", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const tool = (strict?: boolean) => ({ type: "function", function: { name: "now", strict } }) as const;
const image = { type: "image_url", image_url: { url: "https://x.test/a.png" } } as const;
const answer = [makeEvent(makeChunk({ content: "Hi" })), makeEvent(makeChunk({}, "stop")), DONE];

/** What is sent for a request. */
async function sentBy(options: DeepSeekOptions, request: ChatRequest = plain) {
  const { fetch, requests } = fetchThat(() => makeResponse(answer));
  await drain(await deepseek(options).send(watchAttempt({ fetch, request, model: request.model }).call));
  return requests[0];
}

const unable = (options: DeepSeekOptions, request: ChatRequest = plain) =>
  deepseek(options).unable(makeCall({ request }));

test("it is DeepSeek's own API, which keeps waiting requests alive and wants a key", () => {
  const provider = deepseek({ apiKey: SECRET });
  expect(provider).toMatchObject({
    name: "deepseek",
    afterRounds: 0,
    timeouts: {},
    hostTimeouts: {},
    keepAlives: true,
    usesKey: true,
  });
  expect(provider.model("anything")).toBe("anything");
  expect([provider.window("deepseek-flash"), provider.window("deepseek-v9")]).toEqual([1_048_576, undefined]);
  expect(everythingSaidBy(provider)).not.toContain(SECRET);
});

test("the shared options are taken", () => {
  const timeouts = { wireMs: 7 };
  expect(deepseek({ name: "second", afterRounds: 2, timeouts })).toMatchObject({
    name: "second",
    afterRounds: 2,
    timeouts,
  });
  expect(thrownBy(() => deepseek({ afterRounds: -1 }))).toMatchObject({ code: "invalid_options" });
});

test("headers for a gateway in front of it are sent with every request, and are checked", async () => {
  const headers = { "X-Portkey-Provider": "deepseek" };
  const sent = await sentBy({ apiKey: SECRET, headers });
  expect(sent?.headers.get("x-portkey-provider")).toBe("deepseek");
  expect(sent?.headers.get("authorization")).toBe(`Bearer ${SECRET}`);
  for (const wrong of [{ authorization: "x" }, null, "x-a: b", new Headers()] as unknown as Record<string, string>[]) {
    expect(thrownBy(() => deepseek({ headers: wrong }))).toMatchObject({ code: "invalid_options" });
  }
});

test("an option nobody knows is refused, not passed over", () => {
  const misspelt = { apikey: SECRET } as DeepSeekOptions;
  expect(thrownBy(() => deepseek(misspelt))).toMatchObject({ code: "invalid_options" });
});

test("requests go to the official address, with the key and no more than asked but for the default of max_tokens", async () => {
  const sent = await sentBy({ apiKey: SECRET });
  expect(sent?.url).toBe("https://api.deepseek.com/chat/completions");
  expect(sent?.headers.get("authorization")).toBe(`Bearer ${SECRET}`);
  // Its streams bring the usage unasked.
  expect(JSON.parse(sent?.body ?? "")).toEqual({ ...plain, max_tokens: 65_536, stream: true });
});

test.each([
  ["https://api.deepseek.com/v1", "https://api.deepseek.com/v1", "https://api.deepseek.com/beta"],
  ["https://api.deepseek.com/beta/", "https://api.deepseek.com/beta", "https://api.deepseek.com/beta"],
  ["https://proxy.test/ds", "https://proxy.test/ds", "https://proxy.test/ds/beta"],
])("with the base URL %s, beta features live beside it", async (baseURL, normal, beta) => {
  const strict = { ...plain, tools: [tool(true)] };
  expect((await sentBy({ apiKey: SECRET, baseURL }))?.url).toBe(`${normal}/chat/completions`);
  expect((await sentBy({ apiKey: SECRET, baseURL }, strict))?.url).toBe(`${beta}/chat/completions`);
});

test.each([
  [
    "a prefix to continue",
    { ...plain, messages: [...plain.messages, { role: "assistant", content: "a", prefix: true }] },
    true,
  ],
  [
    "an assistant message without prefix",
    { ...plain, messages: [...plain.messages, { role: "assistant", content: "a" }] },
    false,
  ],
  [
    "a prefix that is not the last message",
    { ...plain, messages: [{ role: "assistant", content: "a", prefix: true }, ...plain.messages] },
    false,
  ],
  ["strict tools", { ...plain, tools: [tool(true)] }, true],
  [
    "some strict tools among others",
    { ...plain, tools: [tool(), { ...tool(true), function: { name: "then", strict: true } }] },
    false,
  ],
  ["tools", { ...plain, tools: [tool(), tool(false)] }, false],
  ["a server's tool called strict", { ...plain, tools: [{ type: "deepseek_web_search", strict: true }] }, false],
] satisfies [string, ChatRequest, boolean][])("a request with %s goes to beta: %3$s", async (_, request, isBeta) => {
  const path = isBeta ? "/beta/chat/completions" : "/chat/completions";
  expect((await sentBy({ apiKey: SECRET }, request))?.url).toBe(`https://api.deepseek.com${path}`);
});

test("the environment may name another address; an option wins over it", async () => {
  vi.stubEnv("DEEPSEEK_BASE_URL", "https://proxy.test/v1");
  expect((await sentBy({ apiKey: SECRET }))?.url).toBe("https://proxy.test/v1/chat/completions");
  const given = await sentBy({ apiKey: SECRET, baseURL: "https://other.test" });
  expect(given?.url).toBe("https://other.test/chat/completions");
});

test("a key is never sent over plain HTTP, wherever the address comes from", () => {
  expect(thrownBy(() => deepseek({ baseURL: "http://proxy.test" }))).toMatchObject({ code: "invalid_options" });
  vi.stubEnv("DEEPSEEK_BASE_URL", "http://proxy.test");
  expect(thrownBy(() => deepseek())).toMatchObject({ code: "invalid_options" });
  vi.stubEnv("DEEPSEEK_BASE_URL", "http://127.0.0.1:8000");
  expect(() => deepseek()).not.toThrow();
});

test("the key of the environment is read with each request", async () => {
  const provider = deepseek();
  const call = makeCall({ request: plain });
  expect(provider.unable(call)).toBe("no_key");
  for (const key of ["first-key", "second-key"]) {
    vi.stubEnv("DEEPSEEK_API_KEY", key);
    expect(provider.unable(call)).toBeUndefined();
    const { fetch, requests } = fetchThat(() => makeResponse(answer));
    await drain(await provider.send(watchAttempt({ fetch }).call));
    expect(requests[0]?.headers.get("authorization")).toBe(`Bearer ${key}`);
  }
});

test("without a key nothing is sent", async () => {
  const { fetch, requests } = fetchThat(() => makeResponse(answer));
  const error = await rejectionOf(deepseek().send(watchAttempt({ fetch }).call));
  expect(error).toMatchObject({ code: "missing_api_key", provider: "deepseek" });
  expect(String(error)).toContain("deepseek: no API key");
  expect(requests).toEqual([]);
});

test.each([
  ["gives an empty string", () => ""],
  ["promises an empty string", async () => ""],
  ["promises nothing", async () => undefined as unknown as string],
  ["promises blanks", async () => " \n"],
])("a key function that %s is a missing key, and nothing is sent", async (_, apiKey) => {
  const { fetch, requests } = fetchThat(() => makeResponse(answer));
  const sending = deepseek({ apiKey }).send(watchAttempt({ fetch }).call);
  expect(await rejectionOf(sending.then(drain))).toMatchObject({ code: "missing_api_key" });
  expect(requests).toEqual([]);
});

test("a request is refused only for what the model cannot do", () => {
  const withImage: ChatRequest = { ...plain, messages: [{ role: "user", content: [image] }] };
  expect(unable({ apiKey: SECRET })).toBeUndefined();
  expect(unable({ apiKey: SECRET }, withImage)).toBeUndefined();
  expect(unable({ apiKey: SECRET }, { ...withImage, model: "deepseek-v4-pro" })).toBe("images");
  expect(unable({ apiKey: SECRET }, { ...withImage, model: "deepseek-v9" })).toBeUndefined();
  const demanding: ChatRequest = {
    ...plain,
    model: "deepseek-v4-pro",
    tools: [tool()],
    thinking: { type: "enabled" },
    response_format: { type: "json_object" },
  };
  expect(unable({ apiKey: SECRET }, demanding)).toBeUndefined();
  expect(unable({ apiKey: "" })).toBe("no_key");
  expect(unable({ apiKey: () => "" })).toBeUndefined();
});

test("the id of a request is DeepSeek's trace id", async () => {
  const headers = { "x-ds-trace-id": "0123456789abcdef0123456789abcdef", "x-request-id": "other" };
  const { fetch } = fetchThat(() => makeResponse(["{}"], 503, headers));
  const error = await rejectionOf(deepseek({ apiKey: SECRET }).send(watchAttempt({ fetch }).call));
  expect(error).toMatchObject({ code: "busy", requestId: "0123456789abcdef0123456789abcdef" });
});
