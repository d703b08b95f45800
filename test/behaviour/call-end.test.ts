import { expect, test } from "vitest";
import { type ClientEvent, custom, describeEvent, openaiCompatible } from "../../src/index.ts";
import { addHost, createWorld, failure, KEY, params } from "../support/busy-world.ts";

/** The last event of a call, which tells how it ended. */
function callEnd(events: readonly ClientEvent[]): Extract<ClientEvent, { type: "call-end" }> {
  const last = events.at(-1);
  if (last?.type !== "call-end") throw new Error(`The last event is ${last?.type}.`);
  return last;
}

test("a call that failed says in its report and in its last event what the caller was told", async () => {
  const { client, events, run } = createWorld({ faults: [{ kind: "busy" }], client: { retry: { maxRounds: 2 } } });
  const error = (await run(failure(client.chat.completions.create(params)))) as Error;
  const { report } = callEnd(events);
  expect(report).toMatchObject({ outcome: "failed", error: { code: "busy", message: error.message } });
  expect(report.error?.message).toMatch(/ Gave up after 2 attempts in \d+\.\d s\.$/);
  expect(describeEvent(callEnd(events))).toMatch(/^call failed after \d+(\.\d s| ms), 2 attempts: busy$/);
});

test("a timeout says which time it was", async () => {
  const { client, events, run } = createWorld({ script: ["black_hole"], client: { timeouts: { startMs: 5_000 } } });
  await run(failure(client.chat.completions.create(params)));
  expect(callEnd(events).report.error).toMatchObject({ code: "timeout", phase: "start" });
  expect(describeEvent(callEnd(events))).toBe("call failed after 5.0 s, 1 attempt: timeout (start)");
});

test("of several providers the report says that all failed", async () => {
  const baseURL = "https://other.example/v1";
  const other = openaiCompatible({ name: "other", baseURL, apiKey: KEY });
  const { client, events, run } = createWorld({
    client: {
      providers: [custom({ name: "own", send: () => Promise.reject(new Error("mine")) }), other],
      retry: false,
    },
  });
  addHost(baseURL, { faults: [{ kind: "authentication" }] });
  await run(failure(client.chat.completions.create(params)));
  expect(callEnd(events).report.error).toMatchObject({ code: "all_providers_failed" });
});

test("a stream that broke off, and a request that was never sent, have their reason in the report", async () => {
  const { client, events, run } = createWorld({ script: [{ kind: "cut", afterTokens: 20 }] });
  const stream = client.chat.completions.stream(params, { resume: false });
  const read = async () => {
    for await (const _ of stream.textStream());
  };
  await run(failure(read()));
  expect(stream.report.error).toMatchObject({ code: "stream_interrupted" });
  await run(failure(client.chat.completions.create({ ...params, messages: [] })));
  expect(callEnd(events).report).toMatchObject({ attempts: [], error: { code: "invalid_request" } });
});

test("a client that is closed says so, whether or not somebody is reading", async () => {
  const { client, clock, events, run } = createWorld({ timing: { headMs: 60_000 } });
  const waiting = failure(client.chat.completions.create(params));
  await clock.advance(1_000);
  await client.close();
  await run(waiting);
  expect(callEnd(events).report).toMatchObject({ outcome: "failed", error: { code: "client_closed" } });

  const second = createWorld();
  const unread = await second.run(second.client.chat.completions.create({ ...params, stream: true }));
  await second.client.close();
  expect(unread.report).toMatchObject({ outcome: "failed", error: { code: "client_closed" } });
});

test("neither a success nor an abort has an error, even when the reason to abort is one of the client's own", async () => {
  const { client, clock, events, run } = createWorld({ script: ["busy", "busy"], client: { retry: { maxRounds: 1 } } });
  const reason = await run(failure(client.chat.completions.create(params)));
  const controller = new AbortController();
  clock.after(10, () => controller.abort(reason));
  expect(await run(failure(client.chat.completions.create(params, { signal: controller.signal })))).toBe(reason);
  expect(callEnd(events).report.outcome).toBe("aborted");
  expect(callEnd(events).report).not.toHaveProperty("error");
  expect(describeEvent(callEnd(events))).toBe("call aborted after 10 ms, 1 attempt");
  const { report } = await run(client.chat.completions.create(params).withReport());
  expect(report).not.toHaveProperty("error");
});

test("what is no error of the client's own is not told in the report: nobody knows what it holds", async () => {
  const mistake = new Error(`a mistake in the app, with ${KEY}`);
  const backoff = () => {
    throw mistake;
  };
  const { client, events, run } = createWorld({ script: ["busy"], client: { retry: { backoff } } });
  expect(await run(failure(client.chat.completions.create(params)))).toBe(mistake);
  expect(callEnd(events).report.outcome).toBe("failed");
  expect(callEnd(events).report).not.toHaveProperty("error");
  expect(JSON.stringify(events)).not.toContain(KEY);
});
