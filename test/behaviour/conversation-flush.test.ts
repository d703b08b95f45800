import { expect, test } from "vitest";
import { dropOldest, type FlushPlan, InvalidOptionsError, newChat, summarize } from "../../src/index.ts";
import { createConversationWorld as createWorld } from "../support/conversation-world.ts";

const system = "You are brief.";
const SYSTEM = { role: "system", content: system };
const text = (at: number) => `${at} `.padEnd(400, "some words ");

async function talked(turns: number, ...[host, options]: Parameters<typeof createWorld>) {
  const world = createWorld(host, { system, ...options });
  for (let at = 0; at < turns; at += 1) await world.run(world.chat.send(text(at)));
  return world;
}

test("planFlush() tells what flush() does, and changes nothing", async () => {
  const plans: FlushPlan[] = [];
  const { chat, run } = await talked(10, {}, { onFlush: (plan) => plans.push(plan) });
  const before = JSON.stringify(chat);
  const plan = chat.planFlush();
  expect(JSON.stringify(chat)).toBe(before);
  expect(plan.tokensBefore).toBe(chat.tokens);
  expect(plan.tokensAfter).toBeLessThanOrEqual(0.6 * plan.tokensBefore);
  expect(plan.gone.map(({ index }) => index)).toEqual(plan.gone.map((_, at) => at + 1));
  expect(await run(chat.flush())).toEqual(plan);
  expect(chat.messages).toEqual(plan.messages);
  expect(chat.tokens).toBe(plan.tokensAfter);
  expect(plans).toEqual([plan]);
  await run(chat.send("on"));
});

test("flush(newChat()) keeps the system message and the last question with its answer", async () => {
  const { chat, run } = await talked(5);
  const last = chat.messages.slice(-2);
  await run(chat.flush(newChat()));
  expect(chat.messages).toEqual([SYSTEM, ...last]);
});

test("a flush waits for the turn that runs, and nothing is lost", async () => {
  const { chat, run } = await talked(6);
  const [, plan] = await run(Promise.all([chat.send("last"), chat.flush(dropOldest()), chat.send("after")]));
  expect(plan.messages.some(({ content }) => content === "last")).toBe(true);
  expect(chat.messages.at(-2)).toEqual({ role: "user", content: "after" });
});

test("a strategy of one's own that breaks the conversation is refused, and so is what is none", async () => {
  const { chat, failure } = await talked(3);
  const before = JSON.stringify(chat);
  const nothing = { name: "nothing", shorten: () => [] };
  expect(await failure(chat.flush(nothing))).toBeInstanceOf(InvalidOptionsError);
  expect(() => chat.planFlush(nothing)).toThrow(InvalidOptionsError);
  expect(await failure(chat.flush("newChat" as never))).toBeInstanceOf(InvalidOptionsError);
  expect(() => chat.planFlush(summarize() as never)).toThrow(InvalidOptionsError);
  expect(JSON.stringify(chat)).toBe(before);
});

test("flush(summarize()) puts a summary behind the system message, in place of what it is about", async () => {
  const { chat, run, sent, hosts } = await talked(10);
  const last = chat.messages.slice(-4);
  const used = chat.usage;
  const plan = await run(chat.flush(summarize()));
  const asked = hosts[0]?.requests.at(-1);
  // It begins as the last request did, so that the cache knows it.
  expect(asked?.body.messages?.slice(0, -1)).toEqual(
    sent()
      .at(-2)
      ?.slice(0, (asked?.body.messages?.length ?? 0) - 1),
  );
  expect(asked?.body).toMatchObject({ max_tokens: 4_096, thinking: { type: "disabled" } });
  const summary = { role: "system", content: `Summary of the conversation so far:\n${asked?.answer?.content}` };
  expect(chat.messages.slice(0, 2)).toEqual([SYSTEM, summary]);
  expect(chat.messages.slice(-4)).toEqual(last);
  expect(plan.messages).toEqual(chat.messages);
  expect(plan.tokensAfter).toBe(chat.tokens);
  expect(chat.usage.promptTokens).toBeGreaterThan(used.promptTokens);
  await run(chat.send("on"));
});

test("a second summary takes the place of the first, and a new chat begins without one", async () => {
  const { chat, run } = await talked(10);
  await run(chat.flush(summarize()));
  for (let at = 0; at < 6; at += 1) await run(chat.send(text(at)));
  await run(chat.flush(summarize()));
  expect(chat.messages.filter(({ role }) => role === "system")).toHaveLength(2);
  chat.reset();
  expect(chat.messages).toEqual([SYSTEM]);
});

test("summarize() asks whom and how it is told, with the tools the cache knows, and none of them may be called", async () => {
  const tools = [{ type: "function", function: { name: "look" } }] as const;
  const answer = () => ({ content: text(7), reasoning: "hm" });
  const { chat, run, hosts } = await talked(8, { answer }, { tools, thinking: { type: "enabled" }, user_id: "u" });
  const how = summarize({ model: "deepseek-v4-pro", maxTokens: 500, instructions: "In a word." });
  await run(chat.flush(how, { timeouts: { startMs: 5_000 } }));
  const body = hosts[0]?.requests.at(-1)?.body;
  expect(body).toMatchObject({ model: "deepseek-v4-pro", max_tokens: 500, tools, tool_choice: "none", user_id: "u" });
  expect(body?.messages?.at(-1)).toEqual({ role: "user", content: "In a word." });
});

test.each(["busy", "cut", "length"] as const)("a summary that fails (%s) leaves the history as it was", async (how) => {
  const { chat, run, failure, hosts } = await talked(10);
  const [before, list] = [JSON.stringify(chat), chat.messages];
  if (how !== "length") hosts[0]?.script(how);
  const asked = chat.flush(summarize(how === "length" ? { maxTokens: 3 } : {}));
  const code = { busy: "busy", cut: "stream_interrupted", length: "malformed_output" }[how];
  expect(await failure(asked)).toMatchObject({ code });
  expect(JSON.stringify(chat)).toBe(before);
  expect(chat.messages).toBe(list);
  expect(chat.failed).toBeUndefined();
  await run(chat.send("on"));
});

test("where nothing can go, nothing is asked and nothing changes", async () => {
  const { chat, run, sent } = await talked(1);
  const plan = await run(chat.flush(summarize()));
  expect(plan.gone).toEqual([]);
  expect(sent()).toHaveLength(1);
});

test("reset() begins a new chat with the same system message", async () => {
  const { chat, run, failure, hosts, sent } = await talked(2);
  hosts[0]?.script("busy");
  await failure(chat.send("x"));
  const { usage } = chat;
  chat.reset();
  expect(chat.messages).toEqual([SYSTEM]);
  expect(chat.failed).toBeUndefined();
  expect(chat.usage).toEqual(usage);
  await run(chat.send("new"));
  expect(sent().at(-1)).toEqual([SYSTEM, { role: "user", content: "new" }]);
});

test("a fork goes its own way, also out of a running turn", async () => {
  const { chat, run } = await talked(2);
  const before = chat.messages;
  const running = chat.send("mine");
  const fork = chat.fork();
  expect(fork.messages).toEqual(before);
  await run(Promise.all([running, fork.send("yours"), fork.send("yours again")]));
  expect(chat.messages).toHaveLength(7);
  expect(fork.messages).toHaveLength(9);
  expect(fork.messages.slice(0, 5).every((message, at) => message === before[at])).toBe(true);
  expect(JSON.stringify(chat)).not.toContain("yours");
  expect(JSON.stringify(fork)).not.toContain("mine");
  fork.reset();
  expect(chat.messages).toHaveLength(7);
});
