import { afterEach, expect, test } from "vitest";
import type { ClientOptions, ResilientClientError } from "../../src/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { clientOf, privateParams } from "../support/hostile-echo.ts";

const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
afterEach(() => {
  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype)), "Object.prototype").toBe(before);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(([] as { polluted?: unknown }).polluted).toBeUndefined();
});

const poison = (inner: string) =>
  `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"prototype":{"polluted":3},"toString":"x","hasOwnProperty":"x","valueOf":[1],"toJSON":"x","then":"x",${inner}}`;
const chunk = (delta: string, finish = "null", usage = "null") =>
  poison(
    `"id":"1","created":1,"model":"m","usage":${usage},"choices":[${poison(`"index":0,"logprobs":${poison(`"content":[${poison('"token":"a"')}]`)},"delta":${delta},"finish_reason":${finish}`)}]`,
  );
const asStream = (...events: readonly string[]) =>
  `${events.map((event) => `data: ${event}\n\n`).join("")}data: [DONE]\n\n`;
const ask = (body: string, options: ClientOptions = {}, params: object = {}) => {
  const { client, clock } = clientOf(() => new Response(body), options);
  return clock.run(client.chat.completions.create({ ...privateParams, ...params, stream: false }));
};
const text = (content: string) => chunk(poison(`"content":${JSON.stringify(content)}`));
const FINISH = chunk("{}", '"stop"', poison('"prompt_tokens":1,"completion_tokens":1'));

/** Objects whose prototype is another than that of all objects, or that read something through it. */
function poisoned(value: unknown, path = "it"): string[] {
  if (typeof value !== "object" || value === null) return [];
  const prototype: unknown = Object.getPrototypeOf(value);
  const own = prototype === (Array.isArray(value) ? Array.prototype : Object.prototype) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([key, entry]) => poisoned(entry, `${path}.${key}`))];
}

test("names of JavaScript's own, at every level of a stream, change no prototype", async () => {
  const completion = await ask(asStream(text("hel"), text("lo"), FINISH));
  expect(completion.choices[0]?.message.content).toBe("hello");
  expect(completion.choices[0]?.finish_reason).toBe("stop");
  expect(poisoned(completion)).toEqual([]);
  for (const part of [completion, completion.choices[0], completion.choices[0]?.message]) {
    expect(Object.hasOwn(part as object, "__proto__")).toBe(false);
    expect((part as { polluted?: unknown }).polluted).toBeUndefined();
  }
});

test("a copy that a user makes of any part of an answer is not poisoned", async () => {
  const { usage, choices } = await ask(asStream(text("hello"), FINISH));
  const parts: readonly object[] = [usage ?? {}, choices[0]?.logprobs ?? {}, choices[0]?.logprobs?.content?.[0] ?? {}];
  for (const part of parts) expect(poisoned(Object.assign({}, part))).toEqual([]);
});

test("names of JavaScript's own in a whole JSON body change no prototype", async () => {
  const message = poison('"content":"hello","role":"assistant"');
  const body = poison(`"id":"1","choices":[${poison(`"index":0,"message":${message},"finish_reason":"stop"`)}]`);
  const completion = await ask(body, { wire: "json" });
  expect(completion.choices[0]?.message.content).toBe("hello");
  expect(poisoned(completion)).toEqual([]);
});

test("chunks and parts of a stream have the prototype of all objects", async () => {
  const { client } = clientOf(() => new Response(asStream(text("hello"), FINISH)));
  for await (const part of client.chat.completions.stream(privateParams)) expect(poisoned(part)).toEqual([]);
  for await (const part of client.chat.completions.stream(privateParams).parts()) expect(poisoned(part)).toEqual([]);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])(
  "a tool call may be called %s, by name and by id",
  async (name) => {
    const call = (index: number, id: string) => ({ index, id, type: "function", function: { name, arguments: "{}" } });
    const delta = JSON.stringify({ tool_calls: [call(0, name), call(1, `${name}2`)] });
    const { choices } = await ask(asStream(chunk(delta), chunk("{}", '"tool_calls"')));
    const calls = choices[0]?.message.tool_calls ?? [];
    expect(calls.map(({ id, function: called }) => [id, called.name])).toEqual([
      [name, name],
      [`${name}2`, name],
    ]);
    expect(poisoned(calls)).toEqual([]);
  },
);

test.each(["constructor", "__proto__", "toString"])("%s is no known type of an error", async (type) => {
  const body = `{"error":{"message":"no","type":"${type}","code":"${type}","metadata":{"raw":"${type}"}}}`;
  const { client, clock } = clientOf(() => new Response(body));
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "busy" });
});

const toolIndex = (index: string) =>
  `{"tool_calls":[{"index":${index},"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}`;

test.each(["128", "-1", "1.5", "1e9", "1e400", '"1"', "[0]", "{}", "9007199254740993"])(
  "a tool call with the index %s is refused, in both ways of delivery",
  async (index) => {
    for (const toolCalls of ["whole", "live"] as const) {
      const body = asStream(chunk(toolIndex(index)), chunk("{}", '"tool_calls"'));
      expect(await rejectionOf(ask(body, { toolCalls }))).toMatchObject({ code: "malformed_output" });
    }
  },
);

test("a live stream hands out no tool call with an index that an honest server never sends", async () => {
  const body = asStream(chunk(toolIndex("1000000000")), chunk("{}", '"tool_calls"'));
  const { client, clock } = clientOf(() => new Response(body), { toolCalls: "live" });
  const seen: unknown[] = [];
  const read = async () => {
    for await (const { choices } of client.chat.completions.stream(privateParams))
      for (const { index } of choices[0]?.delta.tool_calls ?? []) seen.push(index);
  };
  expect(await clock.run(rejectionOf(read()))).toMatchObject({ code: "malformed_output" });
  expect(seen).toEqual([]);
});

test("128 tool calls are an answer, 129 are none", async () => {
  const calls = (count: number) =>
    JSON.stringify({
      tool_calls: Array.from({ length: count }, (_, index) => ({
        index: index % 128,
        id: `c${index}`,
        function: { name: "f", arguments: "{}" },
      })),
    });
  const whole = await ask(asStream(chunk(calls(128)), chunk("{}", '"tool_calls"')));
  expect(whole.choices[0]?.message.tool_calls).toHaveLength(128);
  expect(await rejectionOf(ask(asStream(chunk(calls(129)), chunk("{}", '"stop"'))))).toMatchObject({
    code: "malformed_output",
  });
});

test.each([
  ["deep nesting", `{"choices":[{"delta":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}]}`],
  ["deep lists", `{"choices":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
  ["a million choices", `{"choices":[${'{"index":1},'.repeat(1_000_000)}{"index":2}]}`],
  ["a list for an event", "[1,2]"],
  ["a text for an event", '"x"'],
  ["an object for choices", '{"choices":{"0":{"delta":{"content":"x"}},"length":1}}'],
  ["a list for a choice", '{"choices":[[]]}'],
  ["a list for a delta", '{"choices":[{"delta":[]}]}'],
  ["an object for content", '{"choices":[{"delta":{"content":{"length":5}}}]}'],
  ["an object for tool calls", '{"choices":[{"delta":{"tool_calls":{"length":1}}}]}'],
  ["a list for a finish reason", '{"choices":[{"delta":{},"finish_reason":["stop"]}]}'],
  ["huge places", '{"choices":[{"index":1e999,"delta":{}}]}'],
  ["deep places", `{"choices":[{"index":${"[".repeat(50_000)}${"]".repeat(50_000)},"delta":{}}]}`],
])("%s is a typed error", async (_, event) => {
  const error = (await rejectionOf(ask(asStream(event, FINISH)))) as ResilientClientError;
  expect(["unexpected_response", "empty_answer", "malformed_output"]).toContain(error.code);
});

test("huge numbers, null characters and halves of characters pass through, or count as nothing", async () => {
  const usage = '{"prompt_tokens":1e999,"completion_tokens":-5,"total_tokens":123456789012345678901234567890}';
  const content = "a\0b\ud83d\uffff";
  const completion = ask(asStream(text(content), chunk("{}", '"stop"', usage)));
  expect((await completion).choices[0]?.message.content).toBe(content);
});

test("counts that are no counts are none in the report", async () => {
  const usage = '{"prompt_tokens":1e999,"completion_tokens":-5,"completion_tokens_details":{"reasoning_tokens":"9"}}';
  const { client, clock } = clientOf(() => new Response(asStream(text("hi"), chunk("{}", '"stop"', usage))));
  const { report } = await clock.run(client.chat.completions.create(privateParams).withReport());
  expect(report.billed).toEqual({ promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 });
});

test("arguments that lie about their length do not lift the limit of an answer", async () => {
  const lie = '{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":{"length":-1e300}}}]}';
  const megabyte = text("x".repeat(1024 * 1024));
  let left = 40;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(`data: ${chunk(lie)}\n\n`)),
    pull(controller) {
      left -= 1;
      controller.enqueue(new TextEncoder().encode(left > 0 ? `data: ${megabyte}\n\n` : asStream(FINISH)));
      if (left <= 0) controller.close();
    },
  });
  const { client, clock } = clientOf(() => new Response(body));
  const error = await clock.run(rejectionOf(client.chat.completions.create(privateParams)));
  expect(error).toMatchObject({ code: "unexpected_response" });
});
