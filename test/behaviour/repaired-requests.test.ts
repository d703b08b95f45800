import { expect, test } from "vitest";
import { createWorld, failure } from "../support/busy-world.ts";
import {
  asked,
  createGateway,
  deepseekGateway,
  said,
  schema,
  tools,
  unknownGateway,
  user,
} from "../support/gateway-world.ts";
import { expectRight, observe, READINGS } from "../support/observe-call.ts";
import { expectClosed, primary } from "../support/resume-world.ts";

test.each<[rule: string, fields: object]>([
  ["reasoning", { tools, messages: [user, said, user] }],
  ["content-null", { messages: [user, { role: "assistant", content: null, reasoning_content: "Hm" }, user] }],
  ["developer-role", { messages: [{ role: "developer", content: "Be kind." }, user] }],
  ["json-mode", { response_format: { type: "json_schema", json_schema: { schema } } }],
  ["model-names", { model: "deepseek-chat" }],
  ["max-tokens", { max_tokens: 500_000 }],
])("%s: a gateway's 400 for %j is repaired once, and from then on ahead", async (rule, fields) => {
  for (const reading of READINGS) {
    const world = createGateway();
    const seen = await observe(world, reading, { params: asked(fields) });
    expect(seen.error).toBeUndefined();
    expect(world.host.requests.map(({ status }) => status)).toEqual([400, 200]);
    expect(seen.report.attempts).toMatchObject([
      { kind: "first", status: 400 },
      { kind: "repair", outcome: "succeeded" },
    ]);
    expect(seen.report.changes).toEqual([
      { rule, message: expect.stringMatching(/\(gateway refuses it otherwise\)$/) },
    ]);
    const later = await observe(world, reading, { params: asked(fields) });
    expect(later.report.attempts).toMatchObject([{ kind: "first", status: 200 }]);
    expect(later.report.changes).toEqual(seen.report.changes);
    expect(world.client.health().providers[0]?.models[0]).toMatchObject({ circuit: "closed", inFlight: 0 });
    await expectClosed(world, world.host);
  }
});

test("JSON mode needs no repair: the word it wants is in the prompt from the first", async () => {
  const world = createGateway();
  const fields = { response_format: { type: "json_object" } } as const;
  const { report } = await observe(world, "create", { params: asked(fields) });
  expect(world.host.requests.map(({ status }) => status)).toEqual([200]);
  expect(report.changes).toMatchObject([{ rule: "json-mode", message: expect.stringMatching(/^gateway: /) }]);
});

test("an old name is asked for by its new one, and thinks as the old one did", async () => {
  const world = createGateway();
  const { report } = await observe(world, "create", { params: asked({ model: "deepseek-chat" }) });
  expect(report.attempts.map(({ model }) => model)).toEqual(["deepseek-chat", "deepseek-flash"]);
  expect(world.host.requests.at(-1)?.body).toMatchObject({ model: "deepseek-flash", thinking: { type: "disabled" } });
  const own = createGateway({ models: ["deepseek-chat"] });
  expect((await observe(own, "create", { params: asked({ model: "deepseek-chat" }) })).report.changes).toEqual([]);
});

test("DeepSeek behind another address: its own rules were applied, and an old name is repaired", async () => {
  const world = createGateway({}, [deepseekGateway]);
  const fields = { model: "deepseek-reasoner", tools, messages: [user, said, user] };
  const { report } = await observe(world, "text", { params: asked(fields) });
  expect(report.changes.map(({ rule }) => rule)).toEqual(["reasoning", "model-names"]);
  expect(world.host.requests.at(-1)?.body).toMatchObject({ model: "deepseek-flash", max_tokens: 65_536 });
});

test("a forced tool is a gateway's business: told what helps, or repaired if the caller said so", async () => {
  const fields = asked({ tools, tool_choice: "required", reasoning_effort: "high" });
  const world = createGateway();
  const error = await world.run(failure(world.client.chat.completions.create(fields)));
  expect(error).toMatchObject({ code: "invalid_request", status: 400 });
  expect(String(error)).toMatch(/does not support this tool_choice - Send thinking: \{ type: "disabled" \}/);
  expect(world.host.requests.length).toBe(1);
  const options = { forcedToolChoice: "disable_thinking" } as const;
  const { report } = await observe(world, "text", { params: fields, options });
  expect(report.changes.map(({ rule }) => rule)).toEqual(["forced-tool-choice"]);
  expect(report.attempts.map(({ kind }) => kind)).toEqual(["first", "repair"]);
  expect(world.host.requests.at(-1)?.body).toMatchObject({ thinking: { type: "disabled" } });
});

test("a request that is wrong twice fails once more, and never again", async () => {
  const fields = asked({ tools, messages: [{ role: "developer", content: "Be kind." }, user, said, user] });
  const world = createGateway();
  const first = await observe(world, "create", { params: fields });
  expect(first.error).toMatchObject({ code: "invalid_request" });
  expect(world.host.requests.map(({ status }) => status)).toEqual([400, 400]);
  expect((await observe(world, "create", { params: fields })).error).toBeUndefined();
  expect((await observe(world, "create", { params: fields })).report.attempts).toMatchObject([{ status: 200 }]);
});

test("a server that says it again and again is asked twice, and nothing is remembered", async () => {
  const refusal = "The `reasoning_content` in the thinking mode must be passed back to the API.";
  const body = JSON.stringify({ error: { message: refusal, type: "invalid_request_error" } });
  let sent = 0;
  const answer = async () => {
    sent += 1;
    return new Response(body, { status: 400 });
  };
  const world = createWorld({ client: { providers: [unknownGateway], fetch: answer } });
  for (const asks of [2, 4]) {
    const { error } = await observe(world, "create", { params: asked({ messages: [user, said, user] }) });
    expect(error).toMatchObject({ code: "invalid_request", status: 400 });
    expect(sent).toBe(asks);
  }
  // Where there is nothing to change, it is not even asked twice.
  await observe(world, "create");
  expect(sent).toBe(5);
});

test.each(READINGS)("in the middle of a failover: the repaired answer breaks off, and goes on: %s", async (reading) => {
  const world = createGateway({ script: ["ok", { kind: "cut", afterTokens: 60 }], answerTokens: 120 }, [
    unknownGateway,
    primary,
  ]);
  const messages = [{ role: "developer", content: "Be kind." }, user];
  const seen = await observe(world, reading, { params: asked({ messages }) });
  expectRight(seen, world.host, world.simulator);
  expect(seen.report.attempts.map(({ provider, kind }) => [provider, kind])).toEqual([
    ["gateway", "first"],
    ["gateway", "repair"],
    ["deepseek", "resume"],
  ]);
  await expectClosed(world, world.host, world.simulator);
});

test("a server that is busy after the repair is not asked for the refusal again in each round", async () => {
  const world = createGateway({ script: ["ok", "busy", "busy", "ok"] });
  const messages = [{ role: "developer", content: "Be kind." }, user];
  const { report } = await observe(world, "create", { params: asked({ messages }) });
  expect(report.attempts.map(({ kind, status }) => [kind, status])).toEqual([
    ["first", 400],
    ["repair", 503],
    ["retry", 503],
    ["retry", 200],
  ]);
});

test("an answer at its length goes on where it was repaired", async () => {
  const world = createGateway({ answerTokens: 100 }, [deepseekGateway]);
  const options = { resume: { continueOnLength: 9 } };
  const seen = await observe(world, "text", { params: asked({ model: "deepseek-chat", max_tokens: 70 }), options });
  expectRight(seen, world.host);
  expect(seen.report.attempts.map(({ kind }) => kind).slice(0, 3)).toEqual(["first", "repair", "resume"]);
});

test("an abort while the repair is under way ends it with the caller's reason", async () => {
  const world = createGateway({ script: ["ok", { kind: "queue", forMs: 50_000 }] });
  const controller = new AbortController();
  world.clock.after(10_000, () => controller.abort("enough"));
  const messages = [{ role: "developer", content: "Be kind." }, user];
  const { error } = await observe(world, "text", {
    params: asked({ messages }),
    options: { signal: controller.signal },
  });
  expect(error).toBe("enough");
  await expectClosed(world, world.host);
});

test("a prompt that fits without the default of max_tokens is not refused for it", async () => {
  const world = createWorld({ window: 1_048_576 });
  const long = { role: "user", content: "word ".repeat(667_000) } as const;
  const seen = await observe(world, "create", { params: asked({ messages: [long] }) });
  expect(seen.error).toBeUndefined();
  expect(world.simulator.requests.map(({ status }) => status)).toEqual([400, 200]);
  const [, second] = world.simulator.requests;
  expect(Number(second?.body["max_tokens"])).toBeGreaterThan(1_023);
  // What the caller asked for stays.
  const own = await observe(world, "create", { params: asked({ messages: [long], max_tokens: 100_000 }) });
  expect(own.error).toMatchObject({ code: "context_length" });
});

test("what was repaired ahead stays repaired when a long prompt needs room", async () => {
  const world = createGateway({ window: 20_000 }, [deepseekGateway]);
  await observe(world, "create", { params: asked({ model: "deepseek-reasoner" }) });
  const long = { role: "user", content: "word ".repeat(12_000) } as const;
  const seen = await observe(world, "create", { params: asked({ model: "deepseek-reasoner", messages: [long] }) });
  expect(seen.error).toBeUndefined();
  const sent = world.host.requests.map(({ status, body }) => [status, body.model, Number(body["max_tokens"])]);
  expect(sent.at(-1)).toEqual([200, "deepseek-flash", expect.any(Number)]);
  expect(sent.at(-1)?.[2]).toBeLessThan(2_100);
});
