import { expect, test } from "vitest";
import { ollama, openrouter, perplexity, poe } from "../../src/index.ts";
import { addHost, createWorld, KEY } from "../support/busy-world.ts";
import {
  asked,
  createGateway,
  deepseekGateway,
  GATEWAY,
  said,
  tools,
  unknownGateway,
  user,
} from "../support/gateway-world.ts";
import { observe } from "../support/observe-call.ts";
import { primary } from "../support/resume-world.ts";

// What a repair must not teach, and where none is tried.

const refuse = (message: string) => new Response(JSON.stringify({ error: { message } }), { status: 400 });

const mostOf = (init: RequestInit | undefined): unknown =>
  (JSON.parse(String(init?.body)) as { max_tokens?: unknown }).max_tokens;

test.each([
  ["a host that nobody knows", unknownGateway, undefined],
  ["deepseek()", deepseekGateway, 8_192],
] as const)("the most that is taken is no wish for as much: %s", async (_, provider, usual) => {
  const world = createGateway({}, [provider]);
  await observe(world, "create", { params: asked({ max_tokens: 500_000 }) });
  const silent = { thinking: { type: "disabled" } };
  const { report } = await observe(world, "create", { params: asked(silent) });
  expect(world.host.requests.at(-1)?.body["max_tokens"]).toBe(usual);
  expect(report.changes).toEqual([]);
});

test("a limit by its newer name is lowered, and said once", async () => {
  const world = createGateway({}, [deepseekGateway]);
  const { report } = await observe(world, "create", { params: asked({ max_completion_tokens: 500_000 }) });
  expect(report.attempts.map(({ status }) => status)).toEqual([400, 200]);
  expect(world.host.requests.at(-1)?.body).toMatchObject({ max_tokens: 393_216 });
  expect(world.host.requests.at(-1)?.body).not.toHaveProperty("max_completion_tokens");
});

test("the default of max_tokens is lowered where it is more than a gateway takes", async () => {
  const refusal = "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]";
  const inner = createWorld();
  const sent: unknown[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const most = mostOf(init);
    sent.push(most);
    return most === 8_192 ? inner.simulator.fetch(input, init) : refuse(refusal);
  };
  const world = { ...createWorld({ client: { providers: [deepseekGateway], fetch } }), run: inner.run };
  for (const asks of [[65_536, 8_192], [8_192]]) {
    expect((await observe(world, "create")).error).toBeUndefined();
    expect(sent.splice(0)).toEqual(asks);
  }
});

test("a window that a server names and nobody has proved makes no later answer short", async () => {
  const refusal =
    "This model's maximum context length is 12 tokens. However, you requested 65546 tokens (10 in the messages, 65536 in the completion).";
  const sent: unknown[] = [];
  const inner = createWorld();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    sent.push(mostOf(init));
    return sent.length > 1 ? inner.simulator.fetch(input, init) : refuse(refusal);
  };
  const world = createWorld({ client: { apiKey: KEY, fetch } });
  expect((await observe(world, "create")).error).toMatchObject({ code: "context_length" });
  const later = observe({ ...world, run: inner.run }, "create");
  expect((await later).error).toBeUndefined();
  expect(sent).toEqual([65_536, 65_536]);
});

test.each([
  ["openrouter", openrouter({ apiKey: "sk-or-0123456789abc" })],
  ["ollama", ollama({ model: "deepseek-r1:14b" })],
  ["poe", poe({ apiKey: "poe-0123456789abc" })],
  ["perplexity", perplexity({ apiKey: "pplx-0123456789abc", abilities: { tools: true } })],
])("no repair is tried that would not be sent: %s leaves empty thinking out", async (_, provider) => {
  const refusal = "The `reasoning_content` in the thinking mode must be passed back to the API.";
  let sent = 0;
  const fetch = async () => {
    sent += 1;
    return refuse(refusal);
  };
  const world = createWorld({ client: { providers: [provider], fetch } });
  const { error, report } = await observe(world, "create", { params: asked({ tools, messages: [user, said, user] }) });
  expect(error).toMatchObject({ code: "invalid_request", status: 400 });
  expect([sent, report.changes]).toEqual([1, []]);
});

test("a model of before that did not think may be forced to a tool, where a gateway still has it", async () => {
  const fields = { model: "deepseek-chat", tools, tool_choice: "required" };
  const world = createGateway({ models: ["deepseek-chat"] }, [deepseekGateway]);
  await observe(world, "create", { params: asked(fields) });
  expect(world.host.requests.at(0)?.body).toMatchObject(fields);
  const thinking = await observe(world, "create", { params: asked({ ...fields, thinking: { type: "enabled" } }) });
  expect(thinking.error).toMatchObject({ code: "invalid_request" });
  expect(world.host.requests.filter(({ body }) => body["thinking"])).toEqual([]);
});

test.each([undefined, 5_000])("an answer that goes on elsewhere has what is taken there, of %s in all", async (max) => {
  const taken = "Invalid max_tokens value, the valid range of max_tokens is [1, 50]";
  const fetch: typeof globalThis.fetch = async (input, init) =>
    String(input).startsWith(GATEWAY) && Number(mostOf(init)) > 50 ? refuse(taken) : globalThis.fetch(input, init);
  const script = [{ kind: "cut", afterTokens: 60 }] as const;
  const client = { providers: [primary, deepseekGateway], fetch };
  const world = createWorld({ script: [...script, ...script], answerTokens: 90, client });
  const host = addHost(GATEWAY, { clock: world.clock, answerTokens: 90 });
  const fields = { thinking: { type: "disabled" }, ...(max && { max_tokens: max }) };
  for (const kinds of [
    ["first", "resume", "repair"],
    ["first", "resume"],
  ]) {
    const { report } = await observe(world, "create", { params: asked(fields) });
    expect(report.attempts.map(({ kind }) => kind)).toEqual(kinds);
    expect(host.requests.at(-1)?.body["max_tokens"]).toBe(50);
  }
});
