import { expect, test } from "vitest";
import * as family from "../../src/error-family.ts";
import { createResilientClient, custom, deepseek, ResilientClientError } from "../../src/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { provoke, SCENARIOS } from "../support/failure-scenarios.ts";
import {
  ANSWER,
  clientOf,
  echoingEvent,
  everythingOf,
  KEY,
  KEY_FORMS,
  keysIn,
  PROMPT,
  privateParams,
  quoteIn,
  withoutPartial,
} from "../support/hostile-echo.ts";

/** Parts of the client that are not built yet. */
const NOT_YET = ["circuit_open", "queue_full", "cost_limit", "guard", "schema", "tool_steps"];

test("there is a scenario for every error code and every phase that can be provoked", () => {
  const codes = Object.values(family).map(({ code }) => code);
  const provoked = SCENARIOS.map(({ code }) => code);
  expect([...new Set([...provoked, ...NOT_YET])].sort()).toEqual([...codes].sort());
  const phases = SCENARIOS.flatMap(({ phase }) => phase ?? []);
  expect(phases.sort()).toEqual(["content", "headers", "queue", "start", "total", "wire"]);
});

test("the search finds a key in each of its forms, and a quotation", () => {
  for (const [name, form] of KEY_FORMS) expect(keysIn(`wrong key ${form}!`), name).not.toEqual([]);
  const hidden = Object.defineProperty(new Error("x"), Symbol("s"), { value: { deep: [KEY] } });
  expect(keysIn(everythingOf(hidden))).not.toEqual([]);
  expect(quoteIn(`he said: ${PROMPT.slice(7, 30)}!`, PROMPT)).toBe(PROMPT.slice(7, 30));
});

test.each(SCENARIOS)("a key that the server repeats stands nowhere: $name", async (scenario) => {
  const found: string[] = [];
  for (const [form, echo] of KEY_FORMS) {
    const { error, client, ...told } = await provoke(scenario, echo);
    expect(error).toMatchObject({ code: scenario.code, ...(scenario.phase && { phase: scenario.phase }) });
    const said = [withoutPartial(error), told, client].map(everythingOf).join("\n");
    if (keysIn(said).length > 0) found.push(form);
  }
  expect(found, "forms in which the key came out").toEqual([]);
});

test.each(SCENARIOS)("neither question nor answer stands in an error of the client's own making: $name", async (it) => {
  const { error, client, ...told } = await provoke(it, "nothing");
  const said = [withoutPartial(error), told, client].map(everythingOf).join("\n");
  expect(quoteIn(said, PROMPT)).toBe("");
  expect(quoteIn(said, ANSWER)).toBe("");
});

test("what had arrived is in partial alone, which is neither enumerable nor in JSON", async () => {
  const { client, clock } = clientOf(() => new Response(echoingEvent("x", { content: ANSWER })));
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "stream_interrupted", partial: { content: ANSWER } });
  expect(Object.keys(error as object)).not.toContain("partial");
  expect(JSON.stringify(error)).not.toContain(ANSWER);
});

test("a key of small letters is not taken for a finish reason", async () => {
  const apiKey = "correct_horse_battery_staple";
  const answer = () => new Response(echoingEvent("x", { content: "hi" }, apiKey));
  const { client, clock } = clientOf(answer, { apiKey });
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "unexpected_response" });
  expect(everythingOf(withoutPartial(error)).includes(apiKey)).toBe(false);
});

test("a key in a header of the caller's is not told as the id of the request", async () => {
  const token = "tok-Q7w8E9r0T1y2U3i4";
  const headers = { "x-ds-trace-id": token };
  const answer = () => new Response("{}", { status: 503, headers });
  const { client, clock } = clientOf(answer, { headers: { "x-api-key": token } });
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "busy" });
  expect(everythingOf(error)).not.toContain(token);
});

test("an id of the caller's own, sent as a header, comes back as the id of the request", async () => {
  const id = "Q7w8E9r0T1y2U3i4";
  const answer = () => new Response("{}", { status: 503, headers: { "x-ds-trace-id": id } });
  const { client, clock } = clientOf(answer, { headers: { "x-correlation": id } });
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ requestId: id });
});

test("a custom provider that throws what it was given tells nothing of it but the message", async () => {
  const held = { request: privateParams, apiKey: KEY, [Symbol("held")]: KEY };
  const send = () => {
    throw Object.assign(new Error("the queue is closed"), held);
  };
  const { client, clock } = clientOf(() => new Response(), { providers: [custom({ name: "own", send })] });
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "unexpected_response", message: "own failed: the queue is closed" });
  expect(keysIn(everythingOf(error))).toEqual([]);
  expect(everythingOf(error)).not.toContain(PROMPT);
});

test("an apiKey function that throws with keys around it tells nothing of them", async () => {
  const apiKey = () => {
    throw Object.assign(new Error("vault is sealed (sk-other-Key123456)"), { vault: { key: KEY } });
  };
  const { client, clock } = clientOf(() => new Response(), { apiKey });
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "missing_api_key" });
  expect(everythingOf(error)).not.toContain("Key123456");
  expect(keysIn(everythingOf(error))).toEqual([]);
});

test("an abort reason comes back as it is, and nothing was added to it", async () => {
  const reason = Object.freeze({ why: "enough" });
  const controller = new AbortController();
  const { client } = clientOf(() => new Promise<never>(() => {}));
  const asked = rejectionOf(client.chat.completions.create(privateParams, { signal: controller.signal }));
  controller.abort(reason);
  expect(await asked).toBe(reason);
});

test("client, provider and stream show no key and no conversation, however they are printed", () => {
  const provider = deepseek({ apiKey: KEY });
  const client = createResilientClient({ providers: [provider] });
  const stream = client.chat.completions.stream(privateParams);
  const said = [client, provider, stream, stream.report, client.withOptions({})].map(everythingOf).join("\n");
  expect(keysIn(said)).toEqual([]);
  expect(said).not.toContain(PROMPT);
  expect(ResilientClientError.isInstance(stream)).toBe(false);
});

test.each([
  ["a key where options are due", () => createResilientClient(KEY as unknown as object)],
  ["a key with a blank in it", () => deepseek({ apiKey: 7 as unknown as string, baseURL: `https://${KEY}` })],
  ["a header line for a name", () => createResilientClient({ headers: { [`Authorization: Bearer ${KEY}`]: "" } })],
  ["a key as a header's value", () => createResilientClient({ headers: { "x-key": `${KEY}\n` } })],
  ["a key in the address", () => deepseek({ baseURL: `https://user:${encodeURIComponent(KEY)}@api.example` })],
  ["a key in the query", () => deepseek({ baseURL: `https://api.example/?key=${encodeURIComponent(KEY)}` })],
])("wrong options are refused without being repeated: %s", (_, make) => {
  let thrown: unknown;
  try {
    make();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "invalid_options" });
  expect(keysIn(everythingOf(thrown))).toEqual([]);
  expect(everythingOf(thrown).toLowerCase()).not.toContain(KEY.slice(0, 14).toLowerCase());
});
