import { expect, test, vi } from "vitest";
import { type ChatMessage, ContextLengthError, type FlushPlan } from "../../src/index.ts";
import { promptTokens } from "../../src/testing/request-rules.ts";
import { cacheShare, createConversationWorld as createWorld } from "../support/conversation-world.ts";

const WINDOW = 64_000;
const text = (characters: number, at: number) => `${at} `.padEnd(characters, "some words of a long talk ");
const system = text(3_000, 0);
const answer = () => text(1_000, 7);

/** So many turns of about 600 tokens. */
async function talk(turns: number, world: ReturnType<typeof createWorld>) {
  for (let at = 0; at < turns; at += 1) await world.run(world.chat.send(text(1_000, at)));
}

test("200 turns in a window for 70: no request is too long, and the cache knows most of each", async () => {
  const plans: FlushPlan[] = [];
  const onFlush = (plan: FlushPlan) => plans.push(plan);
  const world = createWorld({ window: WINDOW, answer }, { system, context: { windowTokens: WINDOW }, onFlush });
  await talk(200, world);
  expect(world.hosts[0]?.requests.every(({ status }) => status === 200)).toBe(true);
  expect(world.sent()).toHaveLength(200);
  // The answer's own 8K and the margin stay free, too.
  expect(Math.max(...world.sent().map((messages) => promptTokens({ messages })))).toBeLessThan(WINDOW - 8_192 - 1_280);
  const { hit, all } = cacheShare(world.sent());
  expect(hit / all).toBeGreaterThan(0.85);
  expect(plans.length).toBeGreaterThan(2);
  expect(plans.length).toBeLessThan(8);
  for (const { tokensBefore, tokensAfter, gone } of plans) {
    expect(tokensAfter).toBeLessThan(0.7 * tokensBefore);
    expect(gone.length).toBeGreaterThan(10);
  }
  for (const messages of world.sent()) expect(messages[0]).toEqual({ role: "system", content: system });
}, 60_000);

test("what others do, to drop the oldest message each turn, leaves the cache next to nothing", () => {
  const said: ChatMessage[] = [];
  const requests = Array.from({ length: 200 }, (_, at) => {
    said.push({ role: "user", content: text(1_000, at) });
    const full = [{ role: "system", content: system } as const, ...said];
    while (promptTokens({ messages: full }) > 45_000) full.splice(1, 1);
    said.push({ role: "assistant", content: text(1_000, at + 1_000) });
    return full;
  });
  const full = requests.filter((messages) => promptTokens({ messages }) > 44_000);
  expect(full.length).toBeGreaterThan(100);
  const { hit, all } = cacheShare(full);
  expect(hit / all).toBeLessThan(0.05);
});

test("a turn that needs a cut and fails leaves the history uncut, and the next one makes the same cut", async () => {
  const plans: FlushPlan[] = [];
  const onFlush = (plan: FlushPlan) => plans.push(plan);
  const world = createWorld({ answer }, { system, context: { windowTokens: 20_000 }, onFlush });
  const { chat, hosts, failure, run } = world;
  while (chat.tokens < 12_200) await run(chat.send(text(1_000, 1)));
  const before = JSON.stringify(chat);
  expect(plans).toEqual([]);
  hosts[0]?.script("busy", "cut");
  await failure(chat.send(text(4_000, 2)));
  await failure(chat.retry());
  expect(JSON.stringify(chat)).toBe(before);
  expect(plans).toEqual([]);
  await run(chat.retry());
  expect(plans).toHaveLength(1);
  const [first, second, third] = world.sent().slice(-3);
  expect(first).toEqual(second);
  expect(first).toEqual(third);
  expect(chat.messages.slice(0, -1)).toEqual(third);
  expect(chat.messages.length).toBeLessThan((JSON.parse(before) as { messages: [] }).messages.length);
});

test("what is said now is never shortened: an input that cannot fit is refused before it is sent", async () => {
  const { chat, failure, sent } = createWorld({}, { system, context: { windowTokens: 20_000 } });
  const error = await failure(chat.send(text(60_000, 1)));
  expect(error).toBeInstanceOf(ContextLengthError);
  expect((error as Error).message).not.toContain("some words");
  expect(sent()).toHaveLength(0);
  expect(chat.failed?.error).toBe(error);
});

test("results of tools are cut when they are old, and never before they were read once", async () => {
  const call = { id: "a", type: "function", function: { name: "look", arguments: "{}" } } as const;
  const tools = [{ type: "function", function: { name: "look" } }] as const;
  const toolCalls = Array.from({ length: 6 }, (_, at) => ({ ...call, id: `c${at}` }));
  let isCalling = true;
  const world = createWorld(
    {
      answer: () => {
        isCalling = !isCalling;
        return isCalling ? "done" : { content: "", toolCalls };
      },
    },
    { tools, context: { windowTokens: 20_000 } },
  );
  for (let at = 0; at < 6; at += 1) {
    await world.run(world.chat.send(`look ${at}`));
    const results = toolCalls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: text(1_500, at) }) as const);
    await world.run(world.chat.send(results));
    expect(world.sent().at(-1)?.slice(-6)).toEqual(results);
  }
  expect(JSON.stringify(world.chat)).toContain("characters removed");
});

test("a server that counts more than the estimate makes the cut come earlier", async () => {
  const countTokens = (said: string) => said.length / 10;
  const world = createWorld(
    { window: WINDOW, answer },
    { context: { windowTokens: WINDOW, countTokens }, thinking: { type: "disabled" } },
  );
  await talk(120, world);
  expect(world.hosts[0]?.requests.every(({ status }) => status === 200)).toBe(true);
  const real = promptTokens({ messages: world.chat.messages });
  expect(world.chat.tokens).toBeGreaterThan(0.9 * real);
  expect(world.chat.tokens).toBeLessThan(1.1 * real);
});

test("without a context, and for a model nobody knows, nothing is cut", async () => {
  for (const options of [{ context: false }, { model: "own-model" }] as const) {
    const world = createWorld({ answer, models: ["own-model", "deepseek-flash"] }, options);
    await talk(20, world);
    expect(world.chat.messages).toHaveLength(40);
  }
});

test("a system message that changes every turn is warned about, once, and is sent as it is", async () => {
  const warnings: string[] = [];
  let now = 0;
  const next = () => `It is minute ${++now}.`;
  const onWarning = (message: string) => warnings.push(message);
  const world = createWorld({}, { system: next, onWarning });
  await talk(3, world);
  expect(warnings).toEqual([]);
  await talk(3, world);
  expect(warnings).toEqual([expect.stringMatching(/system message is another one each time/)]);
  expect(warnings[0]).not.toContain("minute");
  expect(new Set(world.sent().map((messages) => messages[0]?.content)).size).toBe(6);
  expect(world.chat.messages[0]).toEqual(world.sent().at(-1)?.[0]);

  const steady = createWorld({}, { system: () => "Always the same.", onWarning });
  await talk(6, steady);
  expect(warnings).toHaveLength(1);
});

test("a conversation that is cut in every turn is warned about, too: by default on the console", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const world = createWorld({}, { system: text(20_000, 1), context: { windowTokens: 10_000, cutTo: 0.5 } });
  await talk(8, world);
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]?.[0]).toMatch(
    /^resilient-deepseek: .*It is cut in every turn: make context\.cutTo smaller/,
  );
  warn.mockRestore();
});

test("what onFlush throws is swallowed", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const onFlush = () => {
    throw new Error("mine");
  };
  const world = createWorld({ answer }, { context: { windowTokens: 20_000 }, onFlush });
  await talk(40, world);
  expect(warn.mock.calls[0]?.[0]).toMatch(/onFlush threw/);
  warn.mockRestore();
});
