import { expect, test, vi } from "vitest";
import { createResilientClient, deepseek, describeEvent } from "../../src/index.ts";
import { createWorld, failure, KEY, params } from "../support/busy-world.ts";

test("a completion has the server's fields, unknown ones included, and no more than it said", async () => {
  const { client, run } = createWorld({ answer: () => ({ content: "Hi there", reasoning: "well" }) });
  const completion = await run(client.chat.completions.create(params));
  expect(completion).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-/),
    object: "chat.completion",
    created: expect.any(Number),
    model: "deepseek-flash",
    system_fingerprint: "fp_8b330d02d0_simulated",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hi there", reasoning_content: "well" },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: expect.objectContaining({ prompt_tokens: expect.any(Number), prompt_cache_hit_tokens: 0 }),
  });
});

test("the same answer comes over both wires", async () => {
  const answer = () => ({ content: "Hi there", reasoning: "well" });
  const completions = [];
  for (const wire of ["stream", "json"] as const) {
    const { client, run } = createWorld({ answer, client: { wire } });
    completions.push(await run(client.chat.completions.create(params)));
  }
  expect(completions[1]).toEqual(completions[0]);
});

test("length is a success without its cut tool calls", async () => {
  const { client, run } = createWorld();
  const { choices } = await run(
    client.chat.completions.create({ ...params, max_tokens: 30, thinking: { type: "disabled" } }),
  );
  expect(choices[0]?.finish_reason).toBe("length");
  expect(choices[0]?.message).not.toHaveProperty("tool_calls");
});

test("tool calls come whole, with parseable arguments", async () => {
  const toolCalls = [
    { id: "call_00_a", type: "function" as const, function: { name: "weather", arguments: '{"city":"北京 👩🏽‍🚀"}' } },
    { id: "call_01_b", type: "function" as const, function: { name: "now", arguments: "{}" } },
  ];
  const { client, run } = createWorld({ answer: () => ({ content: "", reasoning: "", toolCalls }) });
  const { choices } = await run(client.chat.completions.create(params));
  expect(choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: "", tool_calls: toolCalls } });
});

test("an empty answer is asked for once more, and then an error; with stop it is an answer", async () => {
  const { client, simulator, run } = createWorld({
    answer: () => ({ content: "", reasoning: "thinking and thinking" }),
  });
  expect(await run(failure(client.chat.completions.create(params)))).toMatchObject({
    code: "empty_answer",
    kind: "reasoning_only",
  });
  expect(simulator.requests.length).toBe(2);
  const { choices } = await run(client.chat.completions.create({ ...params, stop: ["END"] }));
  expect(choices[0]?.message.content).toBe("");
  for (const stop of [[], "", [""]]) {
    expect(await run(failure(client.chat.completions.create({ ...params, stop })))).toMatchObject({
      code: "empty_answer",
    });
  }
});

test("a prefix may be the whole answer: nothing more to say is an answer", async () => {
  const { client, run } = createWorld();
  const { choices } = await run(client.chat.completions.create(params));
  const content = choices[0]?.message.content ?? "";
  const messages = [...params.messages, { role: "assistant", content, prefix: true }] as const;
  const rest = await run(client.chat.completions.create({ ...params, messages }));
  expect(rest.choices[0]).toMatchObject({ message: { content: "" }, finish_reason: "stop" });
});

test("a signal put where the options or the request are is refused, not overlooked", async () => {
  const { client, simulator, run } = createWorld();
  const { signal } = new AbortController();
  const asOptions = client.chat.completions.create(params, signal as object);
  expect(await run(failure(asOptions))).toMatchObject({ code: "invalid_options" });
  const inRequest = client.chat.completions.create({ ...params, signal } as typeof params);
  expect(await run(failure(inRequest))).toMatchObject({
    code: "invalid_request",
    message:
      "Invalid request: signal cannot be sent; options of the call stand in a second argument, as in create(params, { signal }).",
  });
  expect(simulator.requests).toEqual([]);
});

test("a request that every host would refuse fails before anything is sent", async () => {
  const { client, simulator, run } = createWorld();
  const bad = client.chat.completions.create({ ...params, temperature: 3 });
  expect(await run(failure(bad))).toMatchObject({
    code: "invalid_request",
    message: "Invalid request: temperature must be a number from 0 to 2, got 3.",
  });
  const stream = client.chat.completions.stream({ ...params, messages: [] });
  expect(await run(failure(stream.finalChatCompletion()))).toMatchObject({
    message: "Invalid request: messages must hold at least one message, got a list of 0.",
  });
  expect(simulator.requests).toEqual([]);
});

test("unknown options are refused with a hint, by the client at once and by a call in its promise", async () => {
  expect(() => createResilientClient({ apiKey: KEY, maxRetries: 3 } as object)).toThrow(
    expect.objectContaining({
      code: "invalid_options",
      message: "createResilientClient: unknown option maxRetries. Did you mean retry.maxRounds?",
    }),
  );
  const { client, run } = createWorld();
  const options = { timeouts: { total: 5 } } as object;
  expect(await run(failure(client.chat.completions.create(params, options)))).toMatchObject({
    code: "invalid_options",
  });
  expect(() => client.chat.completions.stream(params, options)).toThrow(
    expect.objectContaining({ code: "invalid_options" }),
  );
  expect(() => client.withOptions({ providers: ["nobody"] })).toThrow(
    'options: there is no provider "nobody"; this client has deepseek.',
  );
});

test("withOptions gives a client with other options over the same providers", async () => {
  const { client, simulator, run } = createWorld({ faults: [{ kind: "busy" }] });
  const hasty = client.withOptions({ retry: { maxRounds: 2 } });
  await run(failure(hasty.chat.completions.create(params)));
  expect(simulator.requests.length).toBe(2);
  await run(failure(hasty.withOptions({ retry: false }).chat.completions.create(params)));
  expect(simulator.requests.length).toBe(3);
  expect(client.health()).toEqual(hasty.health());
  expect(client.health().providers).toMatchObject([{ provider: "deepseek", failed: 3, lastFailure: { code: "busy" } }]);
});

test("close ends what is running, waits until nothing is open, and refuses what comes after", async () => {
  const { client, clock, simulator, run } = createWorld({ faults: [{ kind: "queue", forMs: 500_000 }] });
  const plain = client.chat.completions.create(params);
  const stream = client.chat.completions.stream(params);
  const read = stream.finalChatCompletion();
  await clock.advance(1_000);
  const errors = Promise.all([failure(plain), failure(read)]);
  await run(client.close());
  expect(await errors).toMatchObject([{ code: "client_closed" }, { code: "client_closed" }]);
  await clock.advance(200);
  expect(simulator.stats.inFlight).toBe(0);
  expect(clock.pending).toBe(0);
  expect(await failure(client.chat.completions.create(params))).toMatchObject({ code: "client_closed" });
  await client.close();
});

test("await using closes the client at the end of its block", async () => {
  const { run } = createWorld();
  let outer: ReturnType<typeof createResilientClient> | undefined;
  {
    await using client = createResilientClient({ apiKey: KEY });
    outer = client;
  }
  expect(await run(failure(outer.chat.completions.create(params)))).toMatchObject({ code: "client_closed" });
});

test("a listener that throws is warned about once and harms nothing; all listeners are told", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const seen: string[] = [];
  const { client, run, events } = createWorld();
  const options = {
    onEvent: () => {
      throw new Error("a mistake in the app");
    },
  };
  await run(client.withOptions(options).chat.completions.create(params, { onEvent: ({ type }) => seen.push(type) }));
  expect(warn).toHaveBeenCalledTimes(1);
  expect(seen).toEqual(["attempt-start", "attempt-head", "attempt-end", "call-end"]);
  expect(events.map(({ type }) => type)).toEqual(seen);
  expect(describeEvent(events.at(-1) as never)).toMatch(/^call succeeded after \d\.\d s, 1 attempt$/);
  warn.mockRestore();
});

test("without a key nothing is sent, and the error says what to do", async () => {
  vi.stubEnv("DEEPSEEK_API_KEY", "");
  const { simulator, run } = createWorld();
  const client = createResilientClient();
  expect(await run(failure(client.chat.completions.create(params)))).toMatchObject({
    code: "missing_api_key",
    message: "No API key for deepseek. Pass apiKey, or set DEEPSEEK_API_KEY in the environment.",
  });
  expect(simulator.requests).toEqual([]);
  vi.unstubAllEnvs();
});

test("the key is read from the environment with each request", async () => {
  const { clock, run } = createWorld({ apiKey: "sk-from-the-environment" });
  const client = createResilientClient({ clock });
  vi.stubEnv("DEEPSEEK_API_KEY", "sk-from-the-environment");
  await run(client.chat.completions.create(params));
  vi.unstubAllEnvs();
});

test("prefix completion goes to the beta address, and the continuation comes back alone", async () => {
  const { client, simulator, run } = createWorld({
    client: { providers: [deepseek({ apiKey: KEY, baseURL: "https://api.deepseek.com/v1" })] },
  });
  const whole = (await run(client.chat.completions.create(params))).choices[0]?.message.content ?? "";
  const prefix = whole.slice(0, 20);
  const messages = [...params.messages, { role: "assistant", content: prefix, prefix: true }] as const;
  const rest = (await run(client.chat.completions.create({ ...params, messages }))).choices[0]?.message.content;
  expect(prefix + rest).toBe(whole);
  expect(simulator.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions", "/beta/chat/completions"]);
});

test("messages changed after the call was made are sent as they were", async () => {
  const { client, clock, simulator, run } = createWorld({ script: ["busy"] });
  const message = { role: "user" as const, content: "first" };
  const call = client.chat.completions.create({ ...params, messages: [message] });
  await clock.advance(45);
  message.content = "changed";
  await run(call);
  expect(simulator.requests.map(({ body }) => body["messages"])).toEqual([
    [{ role: "user", content: "first" }],
    [{ role: "user", content: "first" }],
  ]);
});

test("messages added to the list after the call was made are not part of it, however late it is sent again", async () => {
  const { client, simulator, run } = createWorld({ script: ["busy"] });
  const messages = [...params.messages];
  const call = client.chat.completions.create({ ...params, messages });
  const stream = client.chat.completions.stream({ ...params, messages });
  messages.push({ role: "user", content: "and one more thing" } as never);
  await run(call);
  await run(stream.finalChatCompletion());
  expect(simulator.requests.map(({ body }) => (body["messages"] as unknown[]).length)).toEqual([1, 1, 1]);
});
