import { expect, test } from "vitest";
import { BusyError, custom, deepseek, openaiCompatible } from "../../src/index.ts";
import { addHost, createWorld, failure, KEY, params } from "../support/busy-world.ts";

const BACKUP = "https://backup.example/v1";
const primary = deepseek({ apiKey: KEY });
const backup = openaiCompatible({
  name: "backup",
  baseURL: BACKUP,
  apiKey: "sk-backup-0123456789",
  models: { "deepseek-flash": "deepseek-v4-pro" },
});

test("when the first provider is busy the second answers at once, under its own model name", async () => {
  const { client, clock, run } = createWorld({ faults: [{ kind: "busy" }], client: { providers: [primary, backup] } });
  const host = addHost(BACKUP, { clock });
  const startedAt = clock.now();
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(host.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(data.model).toBe("deepseek-v4-pro");
  expect(report.attempts.map(({ provider, model, kind }) => [provider, model, kind])).toEqual([
    ["deepseek", "deepseek-flash", "first"],
    ["backup", "deepseek-v4-pro", "fallback"],
  ]);
  expect(report.waitedMs).toBe(0);
  expect((report.attempts[1]?.startedAt ?? 0) - startedAt).toBe(40);
});

test("a streamed call fails over as long as nothing was delivered", async () => {
  const { client, clock, run } = createWorld({ script: ["outage"], client: { providers: [primary, backup] } });
  const host = addHost(BACKUP, { clock });
  const stream = client.chat.completions.stream(params);
  let text = "";
  const read = async () => {
    for await (const piece of stream.textStream()) text += piece;
  };
  await run(read());
  expect(host.isWholeAnswer(text)).toBe(true);
});

test("a wrong key at the first provider is not retried, and does not stop the second", async () => {
  const { client, clock, run, simulator } = createWorld({
    apiKey: "sk-another",
    client: { providers: [primary, backup] },
  });
  addHost(BACKUP, { clock, script: ["busy", "busy"] });
  const { report } = await run(client.chat.completions.create(params).withReport());
  expect(report.attempts.map(({ provider, error }) => [provider, error?.code])).toEqual([
    ["deepseek", "authentication"],
    ["backup", "busy"],
    ["backup", "busy"],
    ["backup", undefined],
  ]);
  expect(simulator.requests.length).toBe(1);
});

test("when all fail, every provider's last word and every attempt are in the error", async () => {
  const { client, clock, run } = createWorld({
    faults: [{ kind: "busy" }],
    client: { providers: [primary, backup], retry: { maxRounds: 2 } },
  });
  addHost(BACKUP, { clock, faults: [{ kind: "outage" }] });
  const error = await run(failure(client.chat.completions.create(params)));
  expect(error).toMatchObject({
    code: "all_providers_failed",
    retryable: true,
    errors: [
      { code: "busy", provider: "deepseek" },
      { code: "connection", provider: "backup" },
    ],
  });
  expect((error as Error).message).toMatch(
    /^All 2 providers failed: deepseek: busy \(503\), backup: connection\. Gave up after 4 attempts in \d\.\d s\.$/,
  );
  expect((error as { attempts: unknown[] }).attempts.length).toBe(4);
});

test("a plain call cut at a provider that cannot go on starts again at the other", async () => {
  const startsAgain = deepseek({ apiKey: KEY, abilities: { prefix: false } });
  const { client, clock, run } = createWorld({
    script: [{ kind: "cut", afterTokens: 9 }],
    client: { providers: [startsAgain, backup] },
  });
  const host = addHost(BACKUP, { clock });
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(host.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(report.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
    ["deepseek", "interrupted"],
    ["backup", "succeeded"],
  ]);
});

test("a last resort of one's own answers when everybody else has failed for some rounds", async () => {
  const sorry = custom({ name: "sorry", afterRounds: 2, send: () => "All models are busy." });
  const { client, run, simulator } = createWorld({
    faults: [{ kind: "busy" }],
    client: { providers: [primary, sorry] },
  });
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(data.choices[0]).toMatchObject({ message: { content: "All models are busy." }, finish_reason: "stop" });
  expect(simulator.requests.length).toBe(3);
  expect(report.attempts.at(-1)).toMatchObject({ provider: "sorry", round: 2 });
});

test("a provider of one's own is held to the same standard: no finish reason is no answer, and busy is asked again", async () => {
  let asked = 0;
  const flaky = custom({
    name: "flaky",
    async *send(request) {
      asked += 1;
      if (asked === 1) throw new BusyError("later");
      const chunk = (content: string, finish: string | null) => ({
        id: "c",
        object: "chat.completion.chunk" as const,
        created: 1,
        model: request.model,
        choices: [{ index: 0, delta: { content }, finish_reason: finish }],
      });
      yield chunk("Hel", null);
      if (asked > 2) yield chunk("lo", "stop");
    },
  });
  const { client, run } = createWorld({ client: { providers: [flaky] } });
  const { data, report } = await run(client.chat.completions.create(params).withReport());
  expect(data.choices[0]?.message.content).toBe("Hello");
  expect(report.attempts.map(({ error }) => error?.code)).toEqual(["busy", "stream_interrupted", undefined]);
});

test("providers that cannot serve a request are skipped with the reason", async () => {
  const noTools = openaiCompatible({ name: "plain", baseURL: "https://plain.example", abilities: { tools: false } });
  const { client, run } = createWorld({ client: { providers: [noTools, primary] } });
  const tools = [{ type: "function", function: { name: "now" } }] as const;
  const { report } = await run(client.chat.completions.create({ ...params, tools }).withReport());
  expect(report.skipped).toEqual([{ provider: "plain", reason: "tools" }]);
  expect(
    await run(failure(client.chat.completions.create({ ...params, tools }, { providers: ["plain"] }))),
  ).toMatchObject({
    code: "unsupported",
    message: "No provider can serve this request (plain: tools).",
  });
});
