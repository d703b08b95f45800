import { expect, test } from "vitest";
import { createResilientClient, exponential, openaiCompatible } from "../../src/index.ts";
import { createSimulator } from "../../src/testing/index.ts";
import { closedAddress, eventually, params } from "../support/raw-server.ts";

const fast = { retry: { backoff: exponential({ baseMs: 1, maxMs: 5 }) } };
const timing = { headMs: 5, tokenMs: 1, keepAliveMs: 5 };

test("over real HTTP: busy, refused, queued, cut and stalled, and each call ends with a whole answer", async () => {
  await using simulator = createSimulator({
    seed: 5,
    timing,
    faults: [
      { kind: "busy", rate: 0.15 },
      { kind: "rate_limited", rate: 0.1, retryAfterMs: 2, form: "ms" },
      { kind: "outage", rate: 0.1 },
      { kind: "cut", rate: 0.15 },
      { kind: "stall", rate: 0.1 },
      { kind: "queue", rate: 0.2, forMs: 20 },
    ],
  });
  const { url } = await simulator.listen();
  const client = createResilientClient({
    apiKey: "sk-wire",
    baseURL: url,
    timeouts: { wireMs: 60 },
    resume: { maxResumes: 30 },
    ...fast,
  });
  const calls = Array.from({ length: 60 }, (_, index) =>
    client.chat.completions.create(params, { wire: index % 3 === 0 ? "json" : "stream" }),
  );
  for (const { choices } of await Promise.all(calls)) {
    expect(simulator.isWholeAnswer(choices[0]?.message.content ?? "")).toBe(true);
  }
  await eventually(() => simulator.stats.inFlight === 0, "nothing is in flight");
  expect(simulator.stats.requests).toBeGreaterThan(60);
});

test("over real HTTP: a stream that stalls ends with its true beginning", async () => {
  await using simulator = createSimulator({ timing, script: [{ kind: "stall", afterTokens: 25 }] });
  const { url } = await simulator.listen();
  const client = createResilientClient({ apiKey: "sk-wire", baseURL: url, timeouts: { wireMs: 50 }, resume: false });
  const stream = client.chat.completions.stream(params);
  const error = await stream.finalChatCompletion().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "timeout", phase: "wire" });
  const { partial } = error as { partial: { content: string; reasoning_content: string } };
  const answer = simulator.requests[0]?.answer;
  expect(
    `${answer?.reasoning}|${answer?.content}`.startsWith(
      `${partial.reasoning_content}${partial.content && "|"}${partial.content}`,
    ),
  ).toBe(true);
  expect(partial.reasoning_content).not.toBe("");
  await eventually(() => simulator.requests[0]?.outcome === "left", "the server sees that nobody listens any more");
});

test("over real HTTP: a dead first provider costs one refused connection", async () => {
  await using simulator = createSimulator({ timing });
  const { url } = await simulator.listen();
  const client = createResilientClient({
    providers: [
      openaiCompatible({ name: "dead", baseURL: await closedAddress() }),
      openaiCompatible({ name: "alive", baseURL: `${url}/v1`, apiKey: "sk-wire" }),
    ],
  });
  const { data, report } = await client.chat.completions.create(params).withReport();
  expect(simulator.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(report.attempts.map(({ provider, error }) => [provider, error?.code])).toEqual([
    ["dead", "connection"],
    ["alive", undefined],
  ]);
});

test("over real HTTP: a server that accepts and never answers is left after headersMs", async () => {
  await using simulator = createSimulator({ timing, script: ["black_hole"] });
  const { url } = await simulator.listen();
  const client = createResilientClient({ apiKey: "sk-wire", baseURL: url, timeouts: { headersMs: 400 }, ...fast });
  const { report } = await client.chat.completions.create(params).withReport();
  expect(report.attempts).toMatchObject([{ error: { code: "timeout", phase: "headers" } }, { outcome: "succeeded" }]);
});

test("over real HTTP: aborts at random moments leave nothing behind", async () => {
  await using simulator = createSimulator({
    seed: 9,
    timing,
    faults: [
      { kind: "busy", rate: 0.3 },
      { kind: "queue", rate: 0.3, forMs: 15 },
    ],
  });
  const { url } = await simulator.listen();
  const client = createResilientClient({ apiKey: "sk-wire", baseURL: url, ...fast });
  const calls = Array.from({ length: 80 }, async (_, index) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort("enough"), index % 40);
    const options = { signal: controller.signal };
    const call =
      index % 2
        ? client.chat.completions.create(params, options)
        : client.chat.completions.stream(params, options).finalChatCompletion();
    return call.then(
      ({ choices }) => simulator.isWholeAnswer(choices[0]?.message.content ?? ""),
      (reason: unknown) => reason === "enough",
    );
  });
  expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  await eventually(() => simulator.stats.inFlight === 0, "nothing is in flight");
  expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
});
