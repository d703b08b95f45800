import { expect, test } from "vitest";
import * as z from "zod";
import {
  InvalidOptionsError,
  openaiCompatible,
  parse,
  type ResilientClientError,
  SchemaError,
  type StandardSchema,
  streamParse,
} from "../../src/index.ts";
import { ASKED, createStructuredWorld, SOUP, SOUP_TEXT } from "../support/structured-world.ts";

test("the answer is what the schema makes of it, and the request asks for JSON in its mode and in its words", async () => {
  const { client, run, sent } = createStructuredWorld([SOUP_TEXT]);
  expect(await run(parse(client, ASKED))).toEqual(SOUP);
  expect(sent()).toHaveLength(1);
  expect(sent()[0]?.response_format).toEqual({ type: "json_object" });
  const [system, user] = sent()[0]?.messages ?? [];
  expect(system?.role).toBe("system");
  expect(system?.content).toMatch(/json/i);
  expect(system?.content).toContain('"required":["title","servings","steps"]');
  expect(system?.content).not.toContain("$schema");
  expect(user).toEqual({ role: "user", content: "A soup, please." });
});

test("the instruction ends the system message that is there, with the example, and is the same in every call", async () => {
  const { client, run, sent } = createStructuredWorld([SOUP_TEXT]);
  const messages = [{ role: "system", content: "You cook." }, ...ASKED.messages] as const;
  const asked = { ...ASKED, messages, example: SOUP };
  await run(parse(client, asked));
  await run(streamParse(client, asked).finalValue());
  const [one, other] = sent().map(({ messages: [system] }) => system?.content);
  expect(one).toMatch(/^You cook\.\n\nAnswer with one JSON object/);
  expect(one).toContain(`\n\nEXAMPLE JSON OUTPUT:\n${SOUP_TEXT}`);
  expect(other).toBe(one);
  expect(messages[0].content).toBe("You cook.");
});

test("a system message in parts gets the instruction as a part", async () => {
  const { client, run, sent } = createStructuredWorld([SOUP_TEXT]);
  const parts = [{ type: "text", text: "You cook." }] as const;
  await run(parse(client, { ...ASKED, messages: [{ role: "system", content: parts }, ...ASKED.messages] }));
  expect(sent()[0]?.messages[0]?.content).toEqual([
    ...parts,
    { type: "text", text: expect.stringMatching(/^Answer with/) },
  ]);
});

test.each([
  ["a fence", `\`\`\`json\n${SOUP_TEXT}\n\`\`\``],
  ["words around it", `Here is {the} recipe [1]:\n${SOUP_TEXT}\nEnjoy!`],
  ["a byte order mark", `\ufeff${SOUP_TEXT}`],
  ["commas too many", SOUP_TEXT.replaceAll("0}", "0 , }").replaceAll("]}", ",] ,\n}")],
  ["Python's quotes", SOUP_TEXT.replace('"Soup"', "'Soup'").replace('"servings"', "'servings'")],
])("%s in the answer costs no second request", async (_, text) => {
  const { client, run, sent } = createStructuredWorld([text]);
  expect(await run(parse(client, ASKED))).toEqual(SOUP);
  expect(sent()).toHaveLength(1);
});

test.each([
  [
    "of the wrong shape",
    '{"title":"Soup","servings":"four","steps":[]}',
    ["servings: Invalid input: expected number, received string"],
  ],
  ["without JSON", "Sorry, what soup?", ["The answer holds no JSON object."]],
  [
    "with two values",
    `${SOUP_TEXT}\nor ${SOUP_TEXT}`,
    ["The answer holds more than one JSON value: nobody knows which one is meant."],
  ],
  ["that ends too early", SOUP_TEXT.slice(0, -8), ["The JSON is not complete."]],
  [
    "that is broken",
    SOUP_TEXT.replace(",", ""),
    ["The JSON is broken at character 16: expected a comma or the right closing bracket."],
  ],
  ["of whitespace", "  \n\n ", ["The answer is empty."]],
])("an answer %s is shown to the model with what is wrong, behind all that was said before", async (_, text, lines) => {
  const { client, run, sent } = createStructuredWorld([text, text.trim() === "" ? text : SOUP_TEXT, SOUP_TEXT]);
  const { data, report, reports, completion, raw } = await run(parse(client, ASKED).withReport());
  expect(data).toEqual(SOUP);
  expect(raw).toBe(SOUP_TEXT);
  expect(completion.choices[0]?.message.content).toBe(SOUP_TEXT);
  expect(reports.at(-1)).toEqual(report);
  expect(reports).toHaveLength(2);
  const [first, second] = [sent()[0]?.messages ?? [], sent().at(-1)?.messages ?? []];
  expect(second.slice(0, first.length)).toEqual(first);
  expect(second.slice(first.length)).toEqual([
    { role: "assistant", content: text.trimEnd() },
    { role: "user", content: expect.stringContaining(lines.map((line) => `- ${line}`).join("\n")) },
  ]);
});

test("no answer that fits is a schema error with the issues, the last text and all attempts, none of it in a log", async () => {
  const secret = '{"title":"my secret soup"}';
  const { client, failure, sent } = createStructuredWorld([secret]);
  const error = await failure(parse(client, { ...ASKED, maxReasks: 1 }));
  if (!SchemaError.isInstance(error)) throw error;
  expect(sent()).toHaveLength(2);
  expect(error.raw).toBe(secret);
  expect(error.issues.map(({ path }) => path)).toEqual([["servings"], ["steps"]]);
  expect(error.attempts).toHaveLength(2);
  expect(error.message).toMatch(/asked 2 times.*2 issues/);
  expect(error.retryable).toBe(false);
  expect(JSON.stringify(error) + error.message + JSON.stringify(Object.entries(error))).not.toContain("secret");
  expect(Object.keys(error)).not.toContain("issues");
  const once = await failure(parse(client, { ...ASKED, maxReasks: 0 }));
  expect(String(once)).toContain("asked once");
});

test.each(["max_tokens", "max_completion_tokens"])(
  "an answer cut at %s is never completed by guess, and gets twice the room",
  async (limited) => {
    const schema = z.object({ steps: z.array(z.string()) });
    const steps = Array.from({ length: 40 }, (_, index) => `step ${index}`);
    const { client, run, sent } = createStructuredWorld([JSON.stringify({ steps })]);
    const thinking = { type: "disabled" } as const;
    const asked = { ...ASKED, schema, thinking, [limited]: 60 };
    expect(await run(parse(client, { ...asked, maxReasks: 4 }))).toEqual({ steps });
    const limits = sent().map(({ max_tokens: limit }) => limit);
    expect(limits).toEqual([60, 120, 240]);
    for (const body of sent()) expect(body).not.toHaveProperty("max_completion_tokens");
    expect(sent()[1]?.messages.at(-1)?.content).toContain("was cut at its longest length");
  },
);

test("a whole object in front of spaces that go on to the limit is an answer; spaces alone get no more room", async () => {
  const thinking = { type: "disabled" } as const;
  const whole = createStructuredWorld([SOUP_TEXT + "\n".repeat(3_000)]);
  expect(await whole.run(parse(whole.client, { ...ASKED, thinking, max_tokens: 2_000 }))).toEqual(SOUP);
  expect(whole.sent()).toHaveLength(1);
  const blank = createStructuredWorld(["\n".repeat(3_000), SOUP_TEXT]);
  expect(await blank.run(parse(blank.client, { ...ASKED, thinking, max_tokens: 2_000 }))).toEqual(SOUP);
  expect(blank.sent().map(({ max_tokens: limit }) => limit)).toEqual([2_000, 2_000]);
  expect(blank.sent()[1]?.messages.at(-2)).toEqual({ role: "assistant", content: "" });
});

test("lists and single values travel in an object, and come back without it", async () => {
  const { client, run, sent } = createStructuredWorld(['["a","b"]', '{"value":["a","b"]}']);
  expect(await run(parse(client, { ...ASKED, schema: z.array(z.string()), example: ["x"] }))).toEqual(["a", "b"]);
  expect(sent()[0]?.messages[0]?.content).toContain('{"value": ...}');
  expect(sent()[0]?.messages[0]?.content).toContain('EXAMPLE JSON OUTPUT:\n{"value":["x"]}');
  const wrong = createStructuredWorld(['{"answer":7}', '{"value":"7"}', '{"value":7}']);
  expect(await wrong.run(parse(wrong.client, { ...ASKED, schema: z.number() }))).toBe(7);
  const told = wrong.sent().map(({ messages }) => messages.at(-1)?.content);
  expect(told[1]).toContain('The JSON object must be {"value": ...}.');
  expect(told[2]).toContain("- value: Invalid input: expected number, received string");
  const error = await wrong.failure(parse(wrong.client, { ...ASKED, schema: z.array(z.string()), maxReasks: 0 }));
  expect(error).toMatchObject({ code: "schema", provider: "a", model: "deepseek-flash", issues: [{ path: [] }] });
});

test("a schema by hand may take its time, and be aborted meanwhile", async () => {
  const { client, clock, run, failure } = createStructuredWorld(['{"n":1}']);
  const slow: StandardSchema<{ n: number }, number> = {
    "~standard": {
      version: 1,
      vendor: "hand",
      validate: (value) =>
        new Promise((resolve) => clock.after(5_000, () => resolve({ value: (value as { n: number }).n }))),
    },
  };
  const asked = { ...ASKED, schema: slow, jsonSchema: { type: "object" } };
  expect(await run(parse(client, asked))).toBe(1);
  const controller = new AbortController();
  const reason = { mine: true };
  const ends = clock.now() + 3_000;
  clock.after(3_000, () => controller.abort(reason));
  expect(await failure(parse(client, asked, { signal: controller.signal }))).toBe(reason);
  expect(clock.now()).toBe(ends);
});

test("what the client fails with comes back unchanged, and so does an abort", async () => {
  const busy = createStructuredWorld([SOUP_TEXT], { faults: [{ kind: "busy" }] }, { retry: false });
  expect(await busy.failure(parse(busy.client, ASKED))).toMatchObject({ code: "busy" });
  const refused = createStructuredWorld([SOUP_TEXT], { script: ["content_filter"] });
  expect(await refused.failure(parse(refused.client, ASKED))).toMatchObject({ code: "content_filter" });
  const { client, clock, failure, sent } = createStructuredWorld(["no"], { timing: { headMs: 1_000 } });
  const controller = new AbortController();
  // In the middle of the second ask.
  clock.after(1_800, () => controller.abort("enough"));
  expect(await failure(parse(client, ASKED, { signal: controller.signal }))).toBe("enough");
  expect(sent()).toHaveLength(2);
});

test("what a later ask fails with has the attempts of all", async () => {
  const { client, failure } = createStructuredWorld(["no"], { script: ["ok", "content_filter"] });
  const error = (await failure(parse(client, ASKED))) as ResilientClientError;
  expect(error).toMatchObject({ code: "content_filter" });
  expect(error.attempts.map(({ outcome }) => outcome)).toEqual(["succeeded", "failed"]);
});

test("a host without JSON mode is skipped, and asked in words alone with jsonMode: false", async () => {
  const { client, run, sent } = createStructuredWorld([SOUP_TEXT]);
  await run(parse(client, { ...ASKED, jsonMode: false }));
  expect(sent()[0]).not.toHaveProperty("response_format");
  const plain = openaiCompatible({
    name: "plain",
    baseURL: "https://plain.example",
    apiKey: "sk-any",
    abilities: { json: false },
  });
  const other = createStructuredWorld([SOUP_TEXT], {}, { providers: [plain] });
  const error = await other.failure(parse(other.client, ASKED));
  expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining("json") });
});

test.each([
  ["no client", undefined, ASKED, /must be a client/],
  ["no schema", "client", { ...ASKED, schema: undefined }, /schema must be a schema that has ~standard/],
  [
    "a schema that tells no JSON Schema",
    "client",
    { ...ASKED, schema: { "~standard": { vendor: "mini", validate: () => ({}) } } },
    /jsonSchema must be given as a JSON Schema, for the schema \(mini\) cannot write one/,
  ],
  [
    "a schema that JSON has not",
    "client",
    { ...ASKED, schema: z.object({ when: z.date() }) },
    /cannot be written as one/,
  ],
  ["an example that JSON has not", "client", { ...ASKED, example: { n: 1n } }, /example cannot be written as JSON/],
  ["tools", "client", { ...ASKED, tools: [] }, /tools cannot be given here/],
  ["stream", "client", { ...ASKED, stream: true }, /stream cannot be given here/],
  [
    "another case",
    "client",
    { ...ASKED, max_reasks: 1 },
    /parse: unknown parameter max_reasks. Did you mean maxReasks/i,
  ],
  ["one example too many", "client", { ...ASKED, examples: [] }, /unknown parameter examples. Did you mean example\?/],
  ["half a reask", "client", { ...ASKED, maxReasks: 0.5 }, /maxReasks must be a whole number from 0/],
  [
    "a prefix",
    "client",
    { ...ASKED, messages: [...ASKED.messages, { role: "assistant", content: "{", prefix: true }] },
    /cannot be a prefix/,
  ],
  [
    "a system message without content",
    "client",
    { ...ASKED, messages: [{ role: "system" }] },
    /messages\[0\]\.content must be/,
  ],
  ["no messages", "client", { ...ASKED, messages: undefined }, /messages must be a list of messages/],
  ["nothing", "client", undefined, /schema must be/],
])("%s: refused before anything is sent", async (_, who, params, message) => {
  const { client, failure, sent } = createStructuredWorld([SOUP_TEXT]);
  const error = await failure(parse((who ? client : {}) as never, params as never));
  expect(String(error)).toMatch(message);
  expect(String(error)).toMatch(/^Invalid(Options|Request)Error/);
  expect(sent()).toEqual([]);
  const make = async () => streamParse((who ? client : {}) as never, params as never).finalValue();
  expect(String(await failure(make()))).toMatch(message);
  if (InvalidOptionsError.isInstance(error))
    expect(() => streamParse((who ? client : {}) as never, params as never)).toThrow(InvalidOptionsError);
});
