import { afterEach, expect, test, vi } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import {
  azure,
  fireworks,
  llamaCpp,
  lmStudio,
  ollama,
  openrouter,
  perplexity,
  poe,
  siliconFlow,
  together,
  vllm,
  volcengineArk,
} from "../../../src/index.ts";
import type { CompatibleOptions } from "../../../src/providers/compatible-host.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { exchange } from "../../support/sent-request.ts";

const plain: ChatRequest = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] };

type Make = (options?: CompatibleOptions) => Provider;
type Row = readonly [
  name: string,
  make: Make,
  keyVariable: string | undefined,
  url: string,
  flash: string,
  pro: string,
];

const local =
  (make: (options: CompatibleOptions) => Provider): Make =>
  (options) =>
    make({ model: "own", ...options });
const inAzure: Make = (options) => azure({ resource: "lab", ...options });

const ROWS: readonly Row[] = [
  ["perplexity", perplexity, "PERPLEXITY_API_KEY", "https://api.perplexity.ai", "sonar", "sonar-reasoning-pro"],
  [
    "poe",
    poe,
    "POE_API_KEY",
    "https://api.poe.com/v1",
    "empiriolabs/deepseek-v4-flash-el",
    "empiriolabs/deepseek-v4-pro-el",
  ],
  [
    "siliconFlow",
    siliconFlow,
    "SILICONFLOW_API_KEY",
    "https://api.siliconflow.com/v1",
    "deepseek-ai/DeepSeek-V4-Flash",
    "deepseek-ai/DeepSeek-V4-Pro",
  ],
  [
    "fireworks",
    fireworks,
    "FIREWORKS_API_KEY",
    "https://api.fireworks.ai/inference/v1",
    "accounts/fireworks/models/deepseek-v4p1-flash",
    "accounts/fireworks/models/deepseek-v4-pro-0813",
  ],
  [
    "together",
    together,
    "TOGETHER_API_KEY",
    "https://api.together.ai/v1",
    "deepseek-ai/DeepSeek-V4.1-Flash",
    "deepseek-ai/DeepSeek-V4-Pro-0813",
  ],
  [
    "volcengineArk",
    volcengineArk,
    "ARK_API_KEY",
    "https://ark.cn-beijing.volces.com/api/v3",
    "deepseek-v4-flash-ga-260731",
    "deepseek-v4-pro-ga-260813",
  ],
  [
    "azure",
    inAzure,
    "AZURE_OPENAI_API_KEY",
    "https://lab.services.ai.azure.com/openai/v1",
    "DeepSeek-V4-Flash",
    "DeepSeek-V4-Pro",
  ],
  ["llamaCpp", local(llamaCpp), undefined, "http://127.0.0.1:8080/v1", "own", "own"],
  ["vllm", local(vllm), undefined, "http://127.0.0.1:8000/v1", "own", "own"],
];

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each(ROWS)(
  "%s is where it is, with its own key and its own names of models",
  async (name, make, key, url, flash, pro) => {
    vi.stubEnv("DEEPSEEK_API_KEY", "sk-of-another-host-1234");
    if (key) vi.stubEnv(key, undefined);
    const provider = make();
    const call = makeCall({ request: plain });
    expect(provider).toMatchObject({ name, usesKey: key !== undefined, keyVariable: key });
    expect(provider.unable(call)).toBe(key && "no_key");
    if (key) vi.stubEnv(key, SECRET);
    expect(provider.unable(call)).toBeUndefined();
    const sent = await exchange(provider, plain);
    expect(sent.url).toBe(`${url}/chat/completions`);
    expect(sent.headers?.get("authorization")).toBe(key ? `Bearer ${SECRET}` : null);
    expect(sent.body).toMatchObject({ model: flash, messages: plain.messages, stream: true });
    expect(provider.model("deepseek-v4-pro")).toBe(pro);
    expect(make({ models: { "deepseek-flash": "mine" } }).model("deepseek-flash")).toBe(key ? "mine" : "own");
    expect(everythingSaidBy(make({ apiKey: SECRET }))).not.toContain(SECRET);
  },
);

test.each(ROWS)("%s may stand elsewhere, and has a name of its own there", async (_, make) => {
  const provider = make({ baseURL: "https://eu.lab.test/v1/", name: "eu", apiKey: SECRET });
  expect(provider.name).toBe("eu");
  expect((await exchange(provider, plain)).url).toBe("https://eu.lab.test/v1/chat/completions");
  expect(thrownBy(() => make({ baseURL: "http://eu.lab.test/v1", apiKey: SECRET }))).toMatchObject({
    code: "invalid_options",
  });
  expect(thrownBy(() => make({ keepAlives: true } as CompatibleOptions))).toMatchObject({ code: "invalid_options" });
});

const thinking = (type: "enabled" | "disabled") => ({ thinking: { type } });
const kwargs = (on: boolean) => ({ chat_template_kwargs: { thinking: on, enable_thinking: on } });

test.each<[string, Make, object, object, object]>([
  [
    "siliconFlow",
    siliconFlow,
    { enable_thinking: true },
    { enable_thinking: false },
    { enable_thinking: true, reasoning_effort: "max" },
  ],
  ["fireworks", fireworks, thinking("enabled"), { reasoning_effort: "none" }, { reasoning_effort: "max" }],
  [
    "together",
    together,
    { reasoning: { enabled: true } },
    { reasoning: { enabled: false } },
    { reasoning: { enabled: true }, reasoning_effort: "max" },
  ],
  [
    "volcengineArk",
    volcengineArk,
    thinking("enabled"),
    thinking("disabled"),
    { ...thinking("enabled"), reasoning_effort: "max" },
  ],
  ["vllm", local(vllm), kwargs(true), kwargs(false), { ...kwargs(true), reasoning_effort: "max" }],
  ["llamaCpp", local(llamaCpp), kwargs(true), kwargs(false), { ...kwargs(true), reasoning_effort: "high" }],
  ["perplexity", perplexity, {}, {}, { reasoning_effort: "high" }],
  ["poe", poe, {}, {}, {}],
  ["azure", inAzure, {}, {}, {}],
])("%s is told to think, not to think, and to think much, in its own words", async (_, make, on, off, much) => {
  const provider = make({ apiKey: SECRET });
  const bare = (await exchange(provider, plain)).body as object;
  const said = async (fields: Partial<ChatRequest>) => (await exchange(provider, { ...plain, ...fields })).body;
  expect(await said({ thinking: { type: "enabled" } })).toEqual({ ...bare, ...on });
  expect(await said({ thinking: { type: "disabled" } })).toEqual({ ...bare, ...off });
  expect(await said({ reasoning_effort: "max" })).toEqual({ ...bare, ...much });
});

test.each<[string, Make, object]>([
  ["perplexity", perplexity, {}],
  ["poe", poe, {}],
  ["azure", inAzure, { reasoning_content: "hm" }],
  ["siliconFlow", siliconFlow, { reasoning_content: "hm" }],
  ["fireworks", fireworks, { reasoning_content: "hm" }],
  ["together", together, { reasoning_content: "hm" }],
  ["volcengineArk", volcengineArk, { reasoning_content: "hm" }],
  ["vllm", local(vllm), { reasoning_content: "hm" }],
  ["llamaCpp", local(llamaCpp), { reasoning_content: "hm" }],
])("%s gets what was thought elsewhere by its own rule", async (_, make, expected) => {
  const said = {
    role: "assistant",
    content: "a",
    reasoning_content: "hm",
    reasoning_details: [{ data: "x" }],
  } as const;
  const { body } = await exchange(make({ apiKey: SECRET }), { ...plain, messages: [said, ...plain.messages] });
  expect((body as ChatRequest).messages).toEqual([{ role: "assistant", content: "a", ...expected }, ...plain.messages]);
});

test.each<[string, Make, string]>([
  ["tools", perplexity, "tools"],
  ["json", poe, "json"],
  ["images", together, "images"],
])("what %s needs is not for a host without", (need, make, reason) => {
  const image = { type: "image_url", image_url: { url: "https://x.test/a.png" } } as const;
  const needs: Record<string, Partial<ChatRequest>> = {
    tools: { tools: [{ type: "function", function: { name: "now" } }] },
    json: { response_format: { type: "json_object" } },
    images: { messages: [{ role: "user", content: [image] }] },
  };
  const request = { ...plain, ...needs[need] };
  expect(make({ apiKey: SECRET }).unable(makeCall({ request }))).toBe(reason);
});

test("a model's own facts come before the host's: pictures, window, price", () => {
  const image = { type: "image_url", image_url: { url: "https://x.test/a.png" } } as const;
  const request: ChatRequest = { ...plain, messages: [{ role: "user", content: [image] }] };
  const host = fireworks({ apiKey: SECRET });
  expect(host.unable(makeCall({ request }))).toBeUndefined();
  expect(host.unable(makeCall({ request: { ...request, model: "deepseek-v4-pro" } }))).toBe("images");
  expect(host.window(host.model("deepseek-v4-pro"))).toBe(1_048_576);
  expect(host.price(host.model("deepseek-v4-pro"), 0)).toEqual({
    promptUsd: 1.32,
    cachedUsd: 0.044,
    completionUsd: 3.96,
  });
  expect([host.window("toString"), host.price("toString", 0)]).toEqual([undefined, undefined]);
  expect(fireworks({ apiKey: SECRET, abilities: { images: false } }).unable(makeCall({ request }))).toBe("images");
});

test("Fireworks is told not to shorten answers in silence, and no host gets DeepSeek's own fields", async () => {
  expect((await exchange(fireworks({ apiKey: SECRET }), plain)).body).toMatchObject({
    context_length_exceeded_behavior: "error",
  });
  const own = { user_id: "u", safety_check: { level: "low" } } as const;
  const locals = [llamaCpp, vllm, lmStudio, ollama].map(local);
  const remotes = [fireworks, together, poe, perplexity, siliconFlow, volcengineArk, inAzure, openrouter];
  for (const make of [...remotes, ...locals]) {
    const { body } = await exchange(make({ apiKey: SECRET }), { ...plain, ...own });
    expect(body).not.toHaveProperty("user_id");
    expect(body).not.toHaveProperty("safety_check");
  }
});

test("the Chinese site of SiliconFlow has the same names and windows, and no prices in dollars", () => {
  const host = siliconFlow({ apiKey: SECRET, baseURL: "https://api.siliconflow.cn/v1" });
  const abroad = siliconFlow({ apiKey: SECRET });
  for (const name of ["deepseek-flash", "deepseek-v4-pro"]) {
    const model = host.model(name);
    expect([model, host.window(model)]).toEqual([abroad.model(name), abroad.window(model)]);
    expect([host.price(model, 0), abroad.price(model, 0)]).toEqual([undefined, expect.anything()]);
  }
});

test("Ollama passes over what changes an answer: it is left out, and there are no tools where none may be called", async () => {
  const tools = [{ type: "function", function: { name: "now" } }] as const;
  const asked = { ...plain, tools, tool_choice: "none", parallel_tool_calls: false, logit_bias: { 5: 1 } } as const;
  const { body } = await exchange(ollama({ model: "own" }), asked);
  expect(Object.keys(body as object).sort()).toEqual(["messages", "model", "stream", "stream_options"]);
});

test.each([undefined, "", "a.b", "lab/../x", 5])("azure() wants the name of a resource, and %s is none", (resource) => {
  expect(thrownBy(() => azure({ resource } as Parameters<typeof azure>[0]))).toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining("resource"),
  });
});

test("of a misspelt option azure() names that one before it asks for the resource", () => {
  const options: object = { resourc: "lab" };
  expect(thrownBy(() => azure(options as Parameters<typeof azure>[0]))).toMatchObject({
    code: "invalid_options",
    message: "azure: unknown option resourc. Did you mean resource?",
  });
});
