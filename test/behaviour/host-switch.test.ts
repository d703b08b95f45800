import { expect, test } from "vitest";
import {
  type ChatMessage,
  createResilientClient,
  deepseek,
  openrouter,
  type Provider,
  perplexity,
  siliconFlow,
} from "../../src/index.ts";
import { createSimulator, createVirtualClock, type SimulatorOptions } from "../../src/testing/index.ts";
import { KEY, timing } from "../support/busy-world.ts";

// A conversation goes from host to host, and each of them gets a history that is valid there.

type Hosts = Readonly<Record<string, SimulatorOptions>>;

/** Simulated hosts by a part of their address. */
function world(hosts: Hosts, providers: readonly Provider[]) {
  const clock = createVirtualClock();
  const simulators = Object.entries(hosts).map(
    ([part, options]) => [part, createSimulator({ timing, clock, ...options })] as const,
  );
  const fetch: typeof globalThis.fetch = (url, init) => {
    const found = simulators.find(([part]) => String(url).includes(part));
    if (!found) throw new Error(`Nobody is at ${String(url)}.`);
    return found[1].fetch(url, init);
  };
  const client = createResilientClient({ clock, fetch, providers, retry: false });
  const sentTo = (host: string) =>
    Object.fromEntries(simulators)[host]?.requests.map(
      ({ body }) => body as { readonly messages: readonly ChatMessage[] },
    ) ?? [];
  return { clock, client, sentTo };
}

const tools = [{ type: "function", function: { name: "now", parameters: { type: "object" } } }] as const;
const asksForTool = {
  toolCalls: [{ id: "call_1", type: "function" as const, function: { name: "now", arguments: "{}" } }],
  reasoning: "They want the time.",
};

test("with tools and thinking, from DeepSeek to OpenRouter and back: each gets all thinking under its own name", async () => {
  const { clock, client, sentTo } = world(
    {
      "api.deepseek.com": {
        script: ["ok", "busy", "ok", "busy"],
        answer: ({ messages }) =>
          messages.length === 1 ? asksForTool : { content: "Still noon.", reasoning: "Same." },
      },
      "openrouter.ai": {
        dialect: "openrouter",
        answer: () => ({ content: "It is noon.", reasoning: "I know it now." }),
      },
    },
    [deepseek({ apiKey: KEY }), openrouter({ apiKey: KEY })],
  );
  const messages: ChatMessage[] = [{ role: "user", content: "What time is it?" }];
  const turn = async () => {
    const call = client.chat.completions.create({ model: "deepseek-flash", messages, tools });
    const { data, report } = await clock.run(call.withReport());
    const message = data.choices[0]?.message;
    if (message) messages.push(message);
    return [report.attempts.at(-1)?.provider, message?.content, message?.reasoning_content];
  };
  expect(await turn()).toEqual(["deepseek", "", "They want the time."]);
  messages.push({ role: "tool", content: "12:00", tool_call_id: "call_1" });
  expect(await turn()).toEqual(["openrouter", "It is noon.", "I know it now."]);
  messages.push({ role: "user", content: "And now?" });
  // The simulated DeepSeek refuses a history without the thinking of every answer.
  expect(await turn()).toEqual(["deepseek", "Still noon.", "Same."]);
  messages.push({ role: "user", content: "And now?" });
  expect((await turn())[0]).toBe("openrouter");

  const said = (body: { readonly messages: readonly ChatMessage[] } | undefined) =>
    body?.messages.filter(({ role }) => role === "assistant");
  expect(said(sentTo("api.deepseek.com")[2])).toMatchObject([
    { reasoning_content: "They want the time.", tool_calls: asksForTool.toolCalls },
    { reasoning_content: "I know it now." },
  ]);
  const [first, second, third] = said(sentTo("openrouter.ai")[1]) ?? [];
  expect(first).toEqual({
    role: "assistant",
    content: "",
    reasoning: "They want the time.",
    tool_calls: asksForTool.toolCalls,
  });
  // What it signed goes back to it, unchanged.
  expect(second).toMatchObject({
    reasoning: "I know it now.",
    reasoning_details: messages[3]?.["reasoning_details" as never],
  });
  expect(second).not.toHaveProperty("reasoning_content");
  expect(third).toEqual({ role: "assistant", content: "Still noon.", reasoning: "Same." });
});

test("a host without tools is not asked once the conversation has called one, and the report says why", async () => {
  const { clock, client } = world({ "api.deepseek.com": {} }, [perplexity({ apiKey: KEY }), deepseek({ apiKey: KEY })]);
  const messages: ChatMessage[] = [
    { role: "user", content: "What time is it?" },
    { role: "assistant", content: "", tool_calls: asksForTool.toolCalls },
    { role: "tool", content: "12:00", tool_call_id: "call_1" },
  ];
  const call = client.chat.completions.create({ model: "deepseek-flash", messages, thinking: { type: "disabled" } });
  const { report } = await clock.run(call.withReport());
  expect(report.skipped).toEqual([{ provider: "perplexity", reason: "tools" }]);
  expect(report.attempts).toMatchObject([{ provider: "deepseek", outcome: "succeeded" }]);
});

test("what a host has no words for is told in the report, by the provider that was asked", async () => {
  const { clock, client, sentTo } = world(
    {
      "api.deepseek.com": { faults: [{ kind: "busy" }] },
      siliconflow: { dialect: "openrouter" },
    },
    [deepseek({ apiKey: KEY }), siliconFlow({ apiKey: KEY, model: "deepseek/deepseek-v4.1-flash" })],
  );
  const call = client.chat.completions.create({
    model: "deepseek-flash",
    messages: [
      { role: "user", content: "One." },
      { role: "user", content: "Two." },
    ],
    reasoning_effort: "low",
    presence_penalty: 1,
  });
  const { report } = await clock.run(call.withReport());
  expect(report.changes.filter(({ rule }) => rule.startsWith("host"))).toEqual([
    {
      rule: "host-thinking",
      message: "siliconFlow: reasoning_effort low became high, the nearest that is known there",
    },
    { rule: "host-messages", message: "siliconFlow: 1 message joined the one before: roles take turns there" },
    { rule: "host-parameters", message: "siliconFlow: presence_penalty left out: not known there" },
  ]);
  expect(sentTo("siliconflow")[0]).toMatchObject({ enable_thinking: true, reasoning_effort: "high" });
});

test("two keys and a region of one host are three providers: ordered by speed, each with a health of its own", async () => {
  const regional = (name: string, baseURL: string) =>
    siliconFlow({ name, baseURL, apiKey: KEY, model: "deepseek/deepseek-v4.1-flash" });
  const slow = { dialect: "openrouter", timing: { headersMs: 40, headMs: 900, tokenMs: 5 } } as const;
  const quick = { dialect: "openrouter", timing: { headersMs: 40, headMs: 100, tokenMs: 5 } } as const;
  const clock = createVirtualClock();
  const china = createSimulator({ clock, ...quick });
  const abroad = createSimulator({ clock, ...slow });
  const fetch: typeof globalThis.fetch = (url, init) => (String(url).includes(".cn") ? china : abroad).fetch(url, init);
  const client = createResilientClient({
    clock,
    fetch,
    order: "fastest",
    providers: [
      regional("team", "https://api.siliconflow.com/v1"),
      regional("spare", "https://api.siliconflow.com/v1"),
      regional("china", "https://api.siliconflow.cn/v1"),
    ],
  });
  const asked: (string | undefined)[] = [];
  for (let count = 0; count < 5; count += 1) {
    const call = client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "hi" }] });
    asked.push((await clock.run(call.withReport())).report.attempts[0]?.provider);
  }
  expect(asked).toEqual(["team", "spare", "china", "china", "china"]);
  expect(client.health().providers.map(({ provider, succeeded }) => [provider, succeeded])).toEqual([
    ["team", 1],
    ["spare", 1],
    ["china", 3],
  ]);
});
