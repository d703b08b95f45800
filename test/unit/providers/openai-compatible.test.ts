import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { type OpenAICompatibleOptions, openaiCompatible } from "../../../src/providers/openai-compatible.ts";
import { rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { thinkingOf } from "../../support/joins.ts";
import { makeCall } from "../../support/scripted.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drain, textOf, watchAttempt } from "../../support/watched-attempt.ts";
import { fetchThat, makeChunk, makeEvent, makeResponse } from "../../support/wire-response.ts";

const lab = { name: "lab", baseURL: "https://lab.test/v1/" };
const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };
const answer = [makeEvent(makeChunk({ content: "Hi" })), makeEvent(makeChunk({}, "stop"))];

function send(options: Partial<OpenAICompatibleOptions>, response = () => makeResponse(answer)) {
  const { fetch, requests } = fetchThat(response);
  const provider = openaiCompatible({ ...lab, ...options });
  const call = watchAttempt({ fetch, request: plain, provider: "lab", model: provider.model(plain.model) }).call;
  return { requests, sending: provider.send(call).then(drain) };
}

test("a host is what its options say", () => {
  const provider = openaiCompatible(lab);
  expect(provider).toMatchObject({ name: "lab", afterRounds: 0, timeouts: {}, keepAlives: false, usesKey: false });
  expect([provider.model("m"), provider.window("m")]).toEqual(["m", undefined]);
  const other = openaiCompatible({
    ...lab,
    apiKey: SECRET,
    model: "own",
    contextWindow: 4_096,
    keepAlives: true,
    afterRounds: 2,
    timeouts: { headersMs: 600_000 },
  });
  expect(other).toMatchObject({ keepAlives: true, usesKey: true, afterRounds: 2, timeouts: { headersMs: 600_000 } });
  expect([other.model("m"), other.window("own")]).toEqual(["own", 4_096]);
  expect(openaiCompatible({ ...lab, models: { m: "vendor/m" } }).model("m")).toBe("vendor/m");
  expect(everythingSaidBy(other)).not.toContain(SECRET);
});

test("requests go below the base URL, by the host's own name of the model, and ask for usage", async () => {
  const { requests, sending } = send({ models: { "deepseek-flash": "vendor/flash" }, headers: { "X-Title": "app" } });
  expect(textOf(await sending)).toBe("Hi");
  expect(requests[0]?.url).toBe("https://lab.test/v1/chat/completions");
  expect(requests[0]?.headers.get("x-title")).toBe("app");
  expect(requests[0]?.headers.has("authorization")).toBe(false);
  expect(JSON.parse(requests[0]?.body ?? "")).toEqual({
    ...plain,
    model: "vendor/flash",
    stream: true,
    stream_options: { include_usage: true },
  });
});

test("a key may be a text or a function", async () => {
  for (const apiKey of [SECRET, () => SECRET, async () => SECRET]) {
    const { requests, sending } = send({ apiKey });
    await sending;
    expect(requests[0]?.headers.get("authorization")).toBe(`Bearer ${SECRET}`);
  }
});

test("a host whose key function gives nothing is not asked without a key", async () => {
  for (const apiKey of [() => "", async () => ""]) {
    const { requests, sending } = send({ apiKey });
    expect(await rejectionOf(sending)).toMatchObject({ code: "missing_api_key", provider: "lab" });
    expect(requests).toEqual([]);
  }
});

test("a host whose key is empty is not asked at all", () => {
  const call = makeCall({ request: plain });
  expect(openaiCompatible({ ...lab, apiKey: "" }).unable(call)).toBe("no_key");
  expect(openaiCompatible({ ...lab, apiKey: () => "" }).unable(call)).toBeUndefined();
  expect(openaiCompatible(lab).unable(call)).toBeUndefined();
});

test.each([
  ["tools", { tools: [{ type: "function", function: { name: "now" } }] }],
  ["json", { response_format: { type: "json_object" } }],
  ["thinking", { thinking: { type: "enabled" } }],
] as const)("a host can do %s unless told otherwise", (ability, needs) => {
  const call = makeCall({ request: { ...plain, ...needs } });
  expect(openaiCompatible(lab).unable(call)).toBeUndefined();
  expect(openaiCompatible({ ...lab, abilities: { [ability]: false } }).unable(call)).toBe(ability);
});

test("a host sees no images unless told so", () => {
  const content = [{ type: "image_url", image_url: { url: "data:," } }] as const;
  const call = makeCall({ request: { ...plain, messages: [{ role: "user", content }] } });
  expect(openaiCompatible(lab).unable(call)).toBe("images");
  expect(openaiCompatible({ ...lab, abilities: { images: true } }).unable(call)).toBeUndefined();
});

test("an ability that is undefined keeps its default", () => {
  const call = makeCall({ request: { ...plain, tools: [{ type: "function", function: { name: "now" } }] } });
  const abilities = { tools: undefined } as unknown as { tools: boolean };
  expect(openaiCompatible({ ...lab, abilities }).unable(call)).toBeUndefined();
});

test.each([
  ["no name", { name: "" }],
  ["no base URL", { baseURL: "lab" }],
  ["a key over plain HTTP", { baseURL: "http://lab.test", apiKey: SECRET }],
  ["a key function over plain HTTP", { baseURL: "http://lab.test", apiKey: () => SECRET }],
  ["a header of the client's own", { headers: { Authorization: SECRET } }],
  ["afterRounds below 0", { afterRounds: -1 }],
  ["a time limit of 0", { timeouts: { wireMs: 0 } }],
  ["a context window of 0", { contextWindow: 0 }],
  ["a context window that is no number", { contextWindow: "128k" as unknown as number }],
])("%s is refused when the provider is made", (_, options) => {
  const error = thrownBy(() => openaiCompatible({ ...lab, ...options }));
  expect(error).toMatchObject({ code: "invalid_options" });
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test("a host without a key may be reached over plain HTTP", async () => {
  const { requests, sending } = send({ baseURL: "http://10.0.0.7:8000/v1" });
  await sending;
  expect(requests[0]?.url).toBe("http://10.0.0.7:8000/v1/chat/completions");
});

test("the id of a request is the x-request-id", async () => {
  const { sending } = send({}, () => makeResponse(["{}"], 500, { "x-request-id": "r1", "x-ds-trace-id": "other" }));
  expect(await rejectionOf(sending)).toMatchObject({ code: "busy", requestId: "r1" });
});

test("a key that travels in a header of its own is in no error either", async () => {
  // Azure and others take it as `api-key`.
  const key = "Azure0Key1Of2Thirty3Two4Characters";
  const body = JSON.stringify({ error: { message: `Access denied for ${key}` } });
  const { sending } = send({ headers: { "api-key": key } }, () => makeResponse([body], 401));
  expect(everythingSaidBy(await rejectionOf(sending))).not.toContain(key);
});

test("keys in the JSON of a header are in no error, and travel over https:// alone", async () => {
  const key = "kf93jd8f7a6s5d4f3g2h1";
  const config = { strategy: { mode: "fallback" }, targets: [{ provider: "deepseek", api_key: key }] };
  const headers = { "x-portkey-config": JSON.stringify(config) };
  const body = JSON.stringify({ error: { message: `Bad key ${key}` } });
  const { sending } = send({ headers }, () => makeResponse([body], 401));
  expect(everythingSaidBy(await rejectionOf(sending))).not.toContain(key);
  const make = () => openaiCompatible({ ...lab, baseURL: "http://10.0.0.7:8787/v1", headers });
  expect(make).toThrow("refusing to send an API key over http://");
});

test('"portkey" is no key: what its headers say is told, and needs no https://', async () => {
  const headers = { "x-portkey-provider": "deepseek" };
  const body = JSON.stringify({ error: { message: "The supported names are deepseek-flash or deepseek-v4-pro" } });
  const { sending } = send({ headers, baseURL: "http://10.0.0.7:8787/v1" }, () => makeResponse([body], 400));
  expect(await rejectionOf(sending)).toMatchObject({ message: expect.stringContaining("are deepseek-flash or") });
});

test("an answer that goes on behind text does not begin with thinking; one that goes on with its thinking does", async () => {
  const play = (continued: "prefix" | "prefill" | "restart", content: string, text: string) => {
    const { fetch } = fetchThat(() =>
      makeResponse([makeEvent(makeChunk({ content: text })), makeEvent(makeChunk({}, "length"))]),
    );
    const messages = [...plain.messages, { role: "assistant" as const, content }];
    const request = { ...plain, messages: continued === "restart" ? plain.messages : messages };
    const provider = openaiCompatible({ ...lab, thinkTags: "implicit" });
    return provider.send(watchAttempt({ fetch, request, provider: "lab", model: "m", continued }).call).then(drain);
  };
  expect(textOf(await play("prefix", "Hel", "lo"))).toBe("lo");
  expect(textOf(await play("prefill", "Hel", "lo"))).toBe("lo");
  for (const [continued, content] of [
    ["prefix", ""],
    ["restart", "Hel"],
  ] as const) {
    const chunks = await play(continued, content, "hm</think>Hello");
    expect([thinkingOf(chunks), textOf(chunks)]).toEqual(["hm", "Hello"]);
  }
});
