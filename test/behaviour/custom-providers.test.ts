import { expect, test } from "vitest";
import {
  AuthenticationError,
  BusyError,
  type ChatCompletionChunk,
  createResilientClient,
  custom,
  deepseek,
  StreamInterruptedError,
} from "../../src/index.ts";
import { createSimulator } from "../../src/testing/index.ts";
import { createWorld, failure, KEY, params } from "../support/busy-world.ts";

const chunk = (content: string, finish: string | null = null): ChatCompletionChunk => ({
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "own",
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});
const hello = () => custom({ name: "hello", send: () => "hello" });

test("a client inside a client may run out of its own time: the outer call goes on elsewhere", async () => {
  const { clock, run } = createWorld();
  const { fetch } = createSimulator({ clock, faults: [{ kind: "black_hole" }] });
  const inner = createResilientClient({ clock, fetch, apiKey: KEY, timeouts: { startMs: 10_000 } });
  const nested = custom({
    name: "inner",
    send: (request, { signal }) => inner.chat.completions.create(request, { signal }),
  });
  const outer = createResilientClient({ clock, providers: [nested, hello()] });
  const { data, report } = await run(outer.chat.completions.create(params).withReport());
  expect(data.choices[0]?.message.content).toBe("hello");
  expect(report.attempts).toMatchObject([{ provider: "inner", error: { code: "timeout", phase: "start" } }, {}]);
});

test("a whole answer of one's own may take as long as the first token may, and its chunks as long as thinking may", async () => {
  const { clock, run } = createWorld();
  const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const slow = custom({ name: "slow", send: () => pause(100_000).then(() => "whole") });
  const pausing = custom({
    name: "pausing",
    async *send() {
      yield chunk("wh");
      await pause(170_000);
      yield chunk("ole", "stop");
    },
  });
  for (const provider of [slow, pausing]) {
    const client = createResilientClient({ clock, providers: [provider] });
    const { data, report } = await run(client.chat.completions.create(params).withReport());
    expect(data.choices[0]?.message.content).toBe("whole");
    expect(report.attempts.length).toBe(1);
  }
});

test.each(["wireMs", "contentMs", "headersMs", "finishMs"] as const)(
  "timeouts.%s: undefined is the default, not no limit",
  async (limit) => {
    const { clock, run } = createWorld();
    const stalls = custom({
      name: "stalls",
      timeouts: { [limit]: undefined },
      async *send() {
        yield chunk("hi");
        await new Promise(() => {});
      },
    });
    const client = createResilientClient({ clock, providers: [stalls], resume: false });
    expect(await run(failure(client.chat.completions.create(params)))).toMatchObject({ code: "timeout" });
  },
);

test("a failure after the first token that is final here is tried elsewhere, as one before it is", async () => {
  const broke = custom({
    name: "broke",
    async *send() {
      yield chunk("some");
      yield { error: { code: 402, message: "Insufficient credits" } } as unknown as ChatCompletionChunk;
    },
  });
  const refusing = custom({
    name: "refusing",
    async *send() {
      yield chunk("some");
      yield chunk("", "content_filter");
    },
  });
  const ask = (options: Parameters<typeof createResilientClient>[0]) =>
    createResilientClient(options).chat.completions.create(params);
  expect((await ask({ providers: [broke, hello()] })).choices[0]?.message.content).toBe("hello");
  expect(await failure(ask({ providers: [broke] }))).toMatchObject({ code: "insufficient_balance" });
  expect(await failure(ask({ providers: [refusing, hello()] }))).toMatchObject({ code: "content_filter" });
  const permitted = await ask({ providers: [refusing, hello()], allowElsewhere: ["content_filter"] });
  expect(permitted.choices[0]?.message.content).toBe("hello");
});

test("a server that breaks off because it is busy is given the same rest as one that says so at once", async () => {
  const { clock, run } = createWorld();
  let asked = 0;
  const full = custom({
    name: "full",
    async *send() {
      asked += 1;
      yield chunk("some");
      yield asked > 4 ? chunk(" more", "stop") : chunk("", "insufficient_system_resource");
    },
  });
  const client = createResilientClient({ clock, providers: [full], profile: "patient", random: () => 0 });
  const startedAt = clock.now();
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(data.choices[0]?.message.content).toBe("some more");
  expect(report.attempts.map(({ startedAt: at }) => at - startedAt)).toEqual([0, 5_000, 15_000, 45_000, 75_000]);
  expect(report.waitedMs).toBe(75_000);
});

test("rounds and new starts add up, they do not multiply", async () => {
  let asked = 0;
  const flaky = custom({
    name: "flaky",
    async *send() {
      asked += 1;
      if (asked % 2 === 0) throw new BusyError("later");
      yield chunk("some");
      throw new StreamInterruptedError("cut");
    },
  });
  const { clock, run } = createWorld();
  const client = createResilientClient({
    clock,
    providers: [flaky],
    retry: { maxRounds: 3 },
    resume: { maxResumes: 9 },
  });
  const error = await run(failure(client.chat.completions.create(params)));
  // Three rounds in which nobody answered, and as many that led to an answer that was cut.
  expect(error).toMatchObject({ code: "busy", attempts: { length: 6 } });
  expect((error as BusyError).attempts.map(({ round, kind }) => [round, kind])).toEqual([
    [0, "first"],
    [1, "resume"],
    [2, "retry"],
    [3, "resume"],
    [4, "retry"],
    [5, "resume"],
  ]);
});

test("a provider kept for later comes in its round, however long the ones before it ask to be left alone", async () => {
  const { clock, run } = createWorld();
  const { fetch } = createSimulator({ clock, faults: [{ kind: "rate_limited", retryAfterMs: 300_000 }] });
  const late = custom({ name: "late", afterRounds: 3, send: () => "hello" });
  const client = createResilientClient({ clock, fetch, providers: [deepseek({ apiKey: KEY }), late] });
  for (let call = 0; call < 2; call++) {
    const startedAt = clock.now();
    const { report } = await run(client.chat.completions.create(params).withReport());
    expect(report.attempts.at(-1)).toMatchObject({ provider: "late", round: 3, outcome: "succeeded" });
    expect(clock.now() - startedAt).toBeLessThan(4_000);
  }
});

test("a provider kept for later comes also when the one before it breaks off every answer", async () => {
  const cutting = custom({
    name: "cutting",
    async *send() {
      yield chunk("some");
      throw new StreamInterruptedError("cut");
    },
  });
  const late = custom({ name: "late", afterRounds: 1, send: () => "hello" });
  const client = createResilientClient({ providers: [cutting, late] });
  const { report } = await client.chat.completions.create(params).withReport();
  expect(report.attempts).toMatchObject([{ provider: "cutting" }, { provider: "late", round: 1, kind: "resume" }]);
});

test("a server that cuts again and again is given a rest after the second time", async () => {
  const { clock, run } = createWorld();
  const cutting = custom({
    name: "cutting",
    async *send() {
      yield chunk("some");
      throw new StreamInterruptedError("cut");
    },
  });
  const options = { profile: "patient", breaker: false, random: () => 0 } as const;
  const client = createResilientClient({ clock, providers: [cutting], ...options });
  const startedAt = clock.now();
  const error = await run(failure(client.chat.completions.create(params)));
  const times = (error as BusyError).attempts.map(({ startedAt: at }) => at - startedAt);
  expect(times).toEqual([0, 0, 10_000, 10_000, 40_000, 40_000]);
  expect((error as Error).message).toMatch(/Gave up after 6 attempts in 40\.0 s\.$/);
});

test("a provider kept for later is asked at once when the ones before it are hopeless", async () => {
  const doomed = custom({
    name: "doomed",
    send() {
      throw new AuthenticationError("no");
    },
  });
  const late = custom({ name: "late", afterRounds: 2, send: () => "hello" });
  const client = createResilientClient({ providers: [doomed, late], retry: false });
  const { report } = await client.chat.completions.create(params).withReport();
  expect(report).toMatchObject({ waitedMs: 0, attempts: [{ provider: "doomed" }, { provider: "late", round: 0 }] });
});

test.each(["abort", "close"] as const)(
  "after an %s in the middle of a new start, the last attempt ends before the call does",
  async (how) => {
    const { clock, run } = createWorld();
    const types: string[] = [];
    let asked = 0;
    const stuck = custom({
      name: "stuck",
      async *send() {
        asked += 1;
        if (asked > 1) await new Promise(() => {});
        yield chunk("some");
        throw new StreamInterruptedError("cut");
      },
    });
    const client = createResilientClient({ clock, providers: [stuck], onEvent: ({ type }) => types.push(type) });
    const controller = new AbortController();
    const failing = failure(client.chat.completions.create(params, { signal: controller.signal }));
    await clock.advance(5_000);
    if (how === "abort") controller.abort("enough");
    else await client.close();
    const error = await run(failing);
    expect(types.slice(-2)).toEqual(["attempt-end", "call-end"]);
    expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
    if (how === "abort") expect(error).toBe("enough");
    else expect(error).toMatchObject({ code: "client_closed", attempts: [{}, { outcome: "cancelled" }] });
  },
);

test("a reader that leaves while it waits ends the attempt before the call", async () => {
  const types: string[] = [];
  const silent = custom({ name: "silent", send: () => new Promise<string>(() => {}) });
  const client = createResilientClient({ providers: [silent], onEvent: ({ type }) => types.push(type) });
  const reader = client.chat.completions.stream(params).toReadableStream().getReader();
  const reading = reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reader.cancel();
  await reading;
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(types).toEqual(["attempt-start", "attempt-end", "call-end"]);
});
