import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { InvalidRequestError } from "../../src/index.ts";
import { createConversationWorld as createWorld } from "../support/conversation-world.ts";

const asked = (messages: readonly { role: string; content?: unknown }[]) =>
  messages.filter(({ role }) => role === "user").map(({ content }) => content);

test("turns that are sent at once run one after the other, in order, each on top of the last", async () => {
  const { chat, run, sent, clock, hosts } = createWorld();
  const names = ["a", "b", "c", "d"];
  const order: string[] = [];
  await run(Promise.all(names.map((name) => chat.send(name).then(() => order.push(name)))));
  expect(order).toEqual(names);
  expect(sent().map(asked)).toEqual([["a"], ["a", "b"], ["a", "b", "c"], names]);
  expect(hosts[0]?.stats).toMatchObject({ requests: 4 });
  expect(clock.pending).toBe(0);
});

test("a turn that fails does not hold up those behind it, nor does one that is aborted while it waits", async () => {
  const { chat, run, sent } = createWorld({ script: ["busy"] });
  const controller = new AbortController();
  const turns = [chat.send("a"), chat.send("b", { signal: controller.signal }), chat.send("c")];
  controller.abort("no more");
  const ended = await run(Promise.allSettled(turns));
  expect(ended).toMatchObject([{ reason: { code: "busy" } }, { reason: "no more" }, { status: "fulfilled" }]);
  expect(sent().map(asked)).toEqual([["a"], ["c"]]);
  expect(asked(chat.messages)).toEqual(["c"]);
});

test("a waiting turn that is aborted is gone at once, and leaves no failed turn", async () => {
  const { chat, run } = createWorld();
  const running = chat.send("a");
  const controller = new AbortController();
  const waiting = chat.send("b", { signal: controller.signal });
  let told: unknown;
  waiting.catch((reason: unknown) => {
    told = reason;
  });
  controller.abort("no more");
  // No time passes on the virtual clock: `a` still runs.
  await setImmediate();
  expect(told).toBe("no more");
  expect(chat.failed).toBeUndefined();
  await run(running);
});

test('with whenBusy: "refuse", a second turn is refused, and the first goes on', async () => {
  const { chat, run, failure } = createWorld({}, { whenBusy: "refuse" });
  const running = chat.send("a");
  expect(await failure(chat.send("b"))).toBeInstanceOf(InvalidRequestError);
  expect(await failure(chat.flush())).toBeInstanceOf(InvalidRequestError);
  await run(running);
  await run(chat.send("c"));
  expect(asked(chat.messages)).toEqual(["a", "c"]);
});

test("what cannot wait is refused while a turn runs", async () => {
  const { chat, run } = createWorld();
  const running = chat.send("a");
  expect(() => chat.stream("b")).toThrow(/stream\(\): a turn of this conversation is running/);
  expect(() => chat.reset()).toThrow(InvalidRequestError);
  expect(() => chat.keepInterrupted()).toThrow(InvalidRequestError);
  await run(running);
  expect(asked(chat.messages)).toEqual(["a"]);
  chat.reset();
  expect(chat.messages).toEqual([]);
});

test("a stream that is read holds the turn: sends wait, and another stream is refused", async () => {
  const { chat, run, sent } = createWorld();
  const stream = chat.stream("a");
  const whole = stream.finalChatCompletion();
  expect(() => chat.stream("b")).toThrow(InvalidRequestError);
  await run(Promise.all([chat.send("c"), whole]));
  expect(sent().map(asked)).toEqual([["a"], ["a", "c"]]);
});

test("a stream that nobody opened is ended by the next turn, and says so to a late reader", async () => {
  const { chat, run, failure, sent } = createWorld();
  const [first, second] = [chat.stream("a"), chat.stream("b")];
  const claimed = second.textStream();
  await run(chat.send("c"));
  expect(asked(chat.messages)).toEqual(["c"]);
  expect(chat.failed).toBeUndefined();
  expect(await failure(first.finalChatCompletion())).toMatchObject({ name: "AbortError" });
  expect(await failure(claimed.next())).toMatchObject({ name: "AbortError" });
  expect(sent()).toHaveLength(1);
  chat.stream("d");
  chat.reset();
  expect(chat.messages).toEqual([]);
});

test("a stream whose signal aborts while nobody waits for it gives its turn back", async () => {
  const { chat, run, clock } = createWorld({ answerTokens: 300 });
  const controller = new AbortController();
  const reader = chat.stream("a", { signal: controller.signal }).textStream();
  await run(reader.next());
  controller.abort("gone");
  await clock.advance(10_000);
  expect(chat.failed?.error).toBe("gone");
  await run(chat.send("b"));
  expect(asked(chat.messages)).toEqual(["b"]);
});

test("a client that is closed ends the running turn and refuses those that wait, and the history stays", async () => {
  const { chat, client, run } = createWorld({ timing: { headMs: 5_000 } });
  await run(chat.send("a"));
  const before = JSON.stringify(chat);
  const turns = Promise.allSettled([chat.send("b"), chat.send("c")]);
  await setImmediate();
  await client.close();
  const code = { code: "client_closed" };
  expect(await run(turns)).toMatchObject([{ reason: code }, { reason: code }]);
  expect(JSON.stringify(chat)).toBe(before);
});

test("random turns that end, fail, break, are left, aborted and never opened: the history holds whole turns only", async () => {
  const kinds = ["ok", "busy", "cut", "ok", "end", "stall", "ok"] as const;
  const script = Array.from({ length: 70 }, (_, at) => kinds[(at * 5) % kinds.length] ?? "ok");
  const { chat, run, clock } = createWorld({ script, answerTokens: 30 }, { system: "Short." });
  let entered: unknown[] = [...chat.messages];
  for (let at = 0; at < 60; at += 1) {
    const controller = new AbortController();
    if (at % 7 === 3) clock.after(350, () => controller.abort("enough"));
    const options = { signal: controller.signal, timeouts: { contentMs: 2_000, startMs: 4_000 } };
    const input = `question ${at}`;
    if (at % 5 === 4) chat.stream("never opened");
    const read = async () => {
      if (at % 2 === 0) return (await chat.send(input, options)).choices[0]?.message;
      const stream = chat.stream(input, options);
      for await (const _ of stream) if (at % 9 === 1) break;
      return (await stream.finalChatCompletion()).choices[0]?.message;
    };
    const answer = await run(read().catch(() => undefined));
    if (answer) entered = [...entered, { role: "user", content: input }, answer];
    expect(chat.messages).toEqual(entered);
  }
  expect(entered.length).toBeGreaterThan(10);
});
