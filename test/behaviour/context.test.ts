import { expect, test } from "vitest";
import {
  type CallOptions,
  type ChatMessage,
  type ClientEvent,
  type ClientOptions,
  conversation,
  createResilientClient,
  deepseek,
  newChat,
  openaiCompatible,
} from "../../src/index.ts";
import { createSimulator, createVirtualClock, type SimulatorOptions, seededRandom } from "../../src/testing/index.ts";

const SMALL = "https://small.example/v1";

/** DeepSeek, and a host with a window of 8,000 tokens behind it. */
function createWorld(main: SimulatorOptions, options: ClientOptions = {}, contextWindow: number | undefined = 8_000) {
  const clock = createVirtualClock();
  const big = createSimulator({ clock, ...main });
  const small = createSimulator({ clock, window: 8_000, models: ["deepseek-flash"] });
  const fetch: typeof globalThis.fetch = (url, init) => (String(url).startsWith(SMALL) ? small : big).fetch(url, init);
  const events: ClientEvent[] = [];
  const client = createResilientClient({
    clock,
    fetch,
    random: seededRandom(1),
    providers: [
      deepseek({ apiKey: "sk-any" }),
      openaiCompatible({ name: "small", baseURL: SMALL, apiKey: "sk-any", contextWindow }),
    ],
    onEvent: (event) => events.push(event),
    ...options,
  });
  const ask = (messages: readonly ChatMessage[], more: { max_tokens?: number } = {}, asked: CallOptions = {}) =>
    clock.run(
      client.chat.completions
        .create({ model: "deepseek-flash", messages, thinking: { type: "disabled" }, ...more }, asked)
        .withReport()
        .then(
          (answer) => ({ ...answer, error: undefined }),
          (error: unknown) => ({ error, report: undefined, data: undefined }),
        ),
    );
  return { clock, big, small, events, client, ask };
}

/** So many turns of about 250 tokens each, and a question. */
const talk = (turns: number): ChatMessage[] => [
  { role: "system", content: "You are kind." },
  ...Array.from({ length: turns }, (_, turn): ChatMessage[] => [
    { role: "user", content: `Question ${turn}. ${"why ".repeat(100)}` },
    { role: "assistant", content: `Answer ${turn}. ${"so ".repeat(100)}` },
  ]).flat(),
  { role: "user", content: "And now?" },
];
const messagesOf = ({ requests }: { requests: readonly { body: Readonly<Record<string, unknown>> }[] }, at = -1) =>
  requests.at(at)?.body["messages"] as ChatMessage[];

test("a fallback with a smaller window gets less of the conversation, the primary the whole; the report and an event tell", async () => {
  const { ask, big, small, events } = createWorld({ faults: [{ kind: "busy" }] }, { context: {} });
  const messages = talk(60);
  const { data, report } = await ask(messages);
  expect(data?.choices[0]?.finish_reason).toBe("stop");
  expect(messagesOf(big)).toEqual(messages);
  const sent = messagesOf(small);
  expect(sent[0]).toEqual(messages[0]);
  expect(sent.at(-1)).toEqual(messages.at(-1));
  expect(sent.length).toBeLessThan(messages.length);
  expect(messages.slice(-sent.length + 1)).toEqual(sent.slice(1));
  expect(report?.changes).toMatchObject([
    {
      rule: "fit-context",
      message: expect.stringMatching(/^dropOldest: about .* for small, of which a cache may know \d+$/),
    },
  ]);
  expect(events.filter(({ type }) => type === "flush")).toMatchObject([{ provider: "small" }]);
});

test("what one sends again and again begins alike: the cut stays where it was until the window is full again", async () => {
  const { ask, small } = createWorld({ faults: [{ kind: "busy" }] }, { context: {}, order: () => ["small"] });
  const messages = talk(40);
  await ask(messages);
  const first = messagesOf(small);
  for (let turn = 0; turn < 3; turn += 1) {
    messages.push({ role: "assistant", content: `Then ${turn}.` }, { role: "user", content: "And then?" });
    await ask(messages);
    expect(messagesOf(small).slice(0, first.length)).toEqual(first);
  }
});

test("a server's own numbers are believed: it is asked once more with what fits, and never again with too much", async () => {
  const { ask, big, small } = createWorld({ window: 10_000 }, { context: {} });
  const { data, report } = await ask(talk(60));
  expect(data?.choices[0]?.finish_reason).toBe("stop");
  expect(report?.attempts).toMatchObject([
    { kind: "first", error: { code: "context_length" } },
    { kind: "repair", provider: "deepseek", outcome: "succeeded" },
  ]);
  expect(big.requests.map(({ status }) => status)).toEqual([400, 200]);
  expect((await ask(talk(61))).report?.attempts).toMatchObject([{ kind: "first", outcome: "succeeded" }]);
  expect(small.requests).toEqual([]);
});

test("without `context` the conversation is sent as it is, and the error says how much it was", async () => {
  const { ask, big } = createWorld({ window: 10_000 }, { order: () => ["deepseek"] });
  const { error } = await ask(talk(60));
  expect(error).toMatchObject({ code: "context_length", maxTokens: 10_000, promptTokens: expect.any(Number) });
  expect(big.requests.length).toBe(1);
});

test("what must stay and is too much: nothing is sent there; a larger host is asked, or the error names the largest messages", async () => {
  const long: ChatMessage[] = [{ role: "user", content: "long ".repeat(20_000) }];
  const { ask, big, small } = createWorld({}, { context: {}, order: () => ["small", "deepseek"] });
  expect((await ask(long)).report?.skipped).toEqual([{ provider: "small", reason: "window" }]);
  expect([big.requests.length, small.requests.length]).toEqual([1, 0]);
  const alone = createWorld({}, { context: {}, order: () => ["small"] });
  const { error } = await alone.ask(long);
  expect(error).toMatchObject({ code: "context_length" });
  expect(String(error)).toMatch(/The largest: messages\[0\] \(user, about 30\d{3}\)/);
  expect(alone.small.requests).toEqual([]);
});

test("an explicit max_tokens is room the conversation does not have; one that leaves none skips the host", async () => {
  const { ask, small } = createWorld({}, { context: {}, order: () => ["small", "deepseek"] });
  await ask(talk(60), { max_tokens: 4_000 });
  const less = messagesOf(small).length;
  await ask(talk(60), { max_tokens: 100 });
  expect(messagesOf(small).length).toBeGreaterThan(less);
  expect((await ask(talk(60), { max_tokens: 7_999 })).report?.skipped).toEqual([
    { provider: "small", reason: "window" },
  ]);
});

test("with `onBusy: flush` a long conversation is cut for a provider that stays busy; without it never", async () => {
  const faults = [{ kind: "busy", untilMs: 20_000 }] as const;
  const only = { order: () => ["deepseek"], breaker: false } as const;
  const flushing = createWorld({ faults }, { context: { onBusy: "flush" }, ...only });
  const { data } = await flushing.ask(talk(200));
  expect(data?.choices[0]?.finish_reason).toBe("stop");
  const lengths = flushing.big.requests.map((_, at) => messagesOf(flushing.big, at).length);
  expect(lengths.slice(0, 2)).toEqual([402, 402]);
  expect(lengths.at(-1)).toBeLessThan(250);
  const keeping = createWorld({ faults }, { context: {}, ...only });
  await keeping.ask(talk(200));
  expect(new Set(keeping.big.requests.map((_, at) => messagesOf(keeping.big, at).length))).toEqual(new Set([402]));
});

test("strategies and pins are the caller's to choose; options out of range are refused", async () => {
  const pinned = "Question 3.";
  const { ask, small } = createWorld(
    { faults: [{ kind: "busy" }] },
    { context: { strategies: [newChat()], pin: ({ content }) => String(content).startsWith(pinned) } },
  );
  await ask(talk(60));
  const [system, third, next] = messagesOf(small).map(({ content }) => String(content).split(".")[0]);
  expect([system, third]).toEqual(["You are kind", "Question 3"]);
  // A new chat is begun whenever it is full, and goes on until it is full again.
  expect(Number(next?.split(" ")[1])).toBeGreaterThan(20);
  expect(() => createResilientClient({ apiKey: "sk-x", context: { cutTo: 2 } })).toThrow(
    /context.cutTo must be a number above 0/,
  );
  expect(() => createResilientClient({ apiKey: "sk-x", context: { windowTokens: 0.5 } })).toThrow(
    /context.windowTokens must be/,
  );
});

test("estimates are corrected by what the server counted", async () => {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock });
  // It counts twice as much as we would.
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const response = await simulator.fetch(url, init);
    const text = (await response.text()).replaceAll(
      /"prompt_tokens":(\d+)/g,
      (_, count) => `"prompt_tokens":${2 * Number(count)}`,
    );
    return new Response(text, response);
  };
  const client = createResilientClient({ clock, fetch, apiKey: "sk-any", context: { windowTokens: 20_000 } });
  const params = { model: "deepseek-flash", messages: talk(55), thinking: { type: "disabled" } } as const;
  for (let turn = 0; turn < 2; turn += 1) await clock.run(client.chat.completions.create(params));
  expect(messagesOf(simulator, 0).length).toBeGreaterThan(1.5 * messagesOf(simulator, 1).length);
});

test("a conversation is whole for its own model, and cut for a fallback with a smaller window; its history stays whole", async () => {
  const { clock, client, big, small } = createWorld({
    script: Array.from({ length: 40 }, () => "ok" as const),
    faults: [{ kind: "busy" }],
  });
  const chat = conversation(client, { model: "deepseek-flash", thinking: { type: "disabled" } });
  for (let turn = 0; turn < 41; turn += 1)
    await clock.run(chat.send(`Question ${turn}. ${"why ".repeat(150)}`, { resume: false }));
  expect([big.requests.length > 40, small.requests.length]).toEqual([true, 1]);
  expect(chat.messages.length).toBe(82);
  expect(messagesOf(big).length).toBe(81);
  expect(messagesOf(small).length).toBeLessThan(60);
  expect(small.requests[0]?.status).toBe(200);
});

test("a message is pinned by itself, though the call has copies", async () => {
  const { ask, small } = createWorld({ faults: [{ kind: "busy" }] }, { order: () => ["small"] });
  const messages = talk(60);
  const mine = messages[5];
  await ask(messages, {}, { context: { pin: (message) => message === mine } });
  expect(messagesOf(small)[1]).toEqual(mine);
});

test("a cut that would leave it full is refused, and one that begins early is as deep", async () => {
  const refused = { triggerAt: 0.5, cutTo: 0.9 };
  const message = "context.cutTo must be at most triggerAt (0.5), got 0.9.";
  expect(() => createResilientClient({ apiKey: "sk-x", context: refused })).toThrow(message);
  const { clock, client, small } = createWorld({ faults: [{ kind: "busy" }] }, { order: () => ["small"] });
  expect(() => conversation(client, { model: "deepseek-flash", context: refused })).toThrow(message);
  const plans: unknown[] = [];
  const chat = conversation(client, {
    model: "deepseek-flash",
    thinking: { type: "disabled" },
    context: { triggerAt: 0.5, windowTokens: 4_000 },
    onFlush: (plan) => plans.push(plan),
  });
  for (let turn = 0; turn < 40; turn += 1) await clock.run(chat.send(`Question ${turn}. ${"why ".repeat(60)}`));
  expect(small.requests.length).toBe(40);
  expect(plans.length).toBeLessThan(8);
});

test("of a host whose window nobody knows, a long conversation is cut when it stays busy, too", async () => {
  const clock = createVirtualClock();
  const simulator = createSimulator({ clock, faults: [{ kind: "busy", untilMs: 20_000 }], models: ["any"] });
  const client = createResilientClient({
    clock,
    fetch: simulator.fetch,
    random: seededRandom(1),
    providers: [openaiCompatible({ name: "unknown", baseURL: SMALL, apiKey: "sk-any", model: "any" })],
    breaker: false,
    context: { onBusy: "flush" },
  });
  const call = client.chat.completions.create({ model: "any", messages: talk(200), thinking: { type: "disabled" } });
  const { report } = await clock.run(call.withReport());
  expect(report.changes.length).toBeGreaterThan(0);
  expect(messagesOf(simulator).length).toBeLessThan(250);
});
