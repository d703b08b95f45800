import { expect, test } from "vitest";
import { createResilientClient, deepseek, ollama } from "../../src/index.ts";
import { createSimulator, createVirtualClock } from "../../src/testing/index.ts";
import { failure, KEY, params, timing } from "../support/busy-world.ts";
import { LOCAL_HOSTS, localWorld } from "../support/local-world.ts";

const long = (tokens: number) => ({ messages: [{ role: "user" as const, content: "word ".repeat(tokens) }] });
/** Longer than a window of 4,096 tokens, but not so much that it is certain. */
const talk = Array.from({ length: 16 }, (_, index) => ({
  role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
  content: `${index} ${"word ".repeat(200)}`,
}));

test.each(LOCAL_HOSTS)("%s is not sent what its window cannot hold: it would answer half a question", async (name) => {
  const { ask, clock, chats } = localWorld(name, { window: 1_000 });
  for (const _ of ["first", "second"]) {
    expect(await clock.run(failure(ask(long(10_000))))).toMatchObject({
      code: "context_length",
      maxTokens: 1_000,
      provider: name,
    });
  }
  expect(chats()).toEqual([]);
});

test.each(LOCAL_HOSTS)(
  "%s: with context, the very first call is cut to the window that was found in it",
  async (name, _, model) => {
    const { ask, chats } = localWorld(name, { window: 4_096 }, { context: {} });
    const { report } = await ask({ messages: talk });
    expect(report.attempts).toMatchObject([
      { model, outcome: "failed", kind: "first", error: { code: "context_length" } },
      { model, outcome: "succeeded", kind: "repair" },
    ]);
    const [sent] = chats();
    expect(chats()).toHaveLength(1);
    expect(sent?.body.messages?.length).toBeLessThan(talk.length);
    expect(sent?.body.messages?.at(-1)?.content).toBe(talk.at(-1)?.content);
    // The next one is cut before anybody is asked.
    expect((await ask({ messages: talk })).report.attempts).toMatchObject([{ outcome: "succeeded" }]);
  },
);

test("what must stay and does not fit goes to the next provider", async () => {
  const clock = createVirtualClock();
  const near = createSimulator({ clock, timing, dialect: "ollama", window: 1_000 });
  const away = createSimulator({ clock, timing });
  const fetch: typeof globalThis.fetch = (url, init) =>
    (String(url).includes("api.deepseek.com") ? away : near).fetch(url, init);
  const client = createResilientClient({ clock, fetch, context: {}, providers: [ollama(), deepseek({ apiKey: KEY })] });
  const ask = () => clock.run(client.chat.completions.create({ ...params, ...long(10_000) }).withReport());
  expect((await ask()).report.attempts).toMatchObject([
    { provider: "ollama", error: { code: "context_length" } },
    { provider: "deepseek", outcome: "succeeded" },
  ]);
  const { report } = await ask();
  expect(report.attempts).toMatchObject([{ provider: "deepseek", outcome: "succeeded" }]);
  expect(report.skipped).toEqual([{ provider: "ollama", reason: "window" }]);
});

test("contextWindow wins over what the server says", async () => {
  const given = ollama({ contextWindow: 1_000 });
  const { ask, clock, provider } = localWorld("ollama", { window: 1_000_000 }, {}, given);
  expect(await clock.run(failure(ask(long(10_000))))).toMatchObject({
    code: "context_length",
    maxTokens: 1_000,
  });
  expect(provider.window("deepseek-r1:8b")).toBe(1_000);
});

test("contextWindow may name a window for each model", async () => {
  const given = ollama({ contextWindow: { "deepseek-r1:8b": 2_048 } });
  const { ask, provider } = localWorld("ollama", { window: 4_096 }, {}, given);
  await ask();
  expect(provider.window("deepseek-flash")).toBe(2_048);
});
