import { expect, test } from "vitest";
import {
  AuthenticationError,
  BusyError,
  type ChatCompletionChunk,
  createResilientClient,
  custom,
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
  expect(report.attempts.map(({ startedAt: at }) => at - startedAt)).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
  expect(report.waitedMs).toBe(20_000);
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
  // cut, busy (round 0), cut, busy (1), cut, busy (2)
  expect(error).toMatchObject({ code: "busy", attempts: { length: 6 } });
  expect((error as BusyError).attempts.map(({ round, kind }) => [round, kind])).toEqual([
    [0, "first"],
    [0, "resume"],
    [1, "retry"],
    [1, "resume"],
    [2, "retry"],
    [2, "resume"],
  ]);
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
