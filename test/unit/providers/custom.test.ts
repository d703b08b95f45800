import { expect, test } from "vitest";
import type { AttemptCall, Reply } from "../../../src/call.ts";
import type { ChatCompletion, ChatCompletionChunk } from "../../../src/chat/chat-response.ts";
import { BusyError, RateLimitedError, UnexpectedResponseError } from "../../../src/error-family.ts";
import { type CustomAnswer, type CustomOptions, custom } from "../../../src/providers/custom.ts";
import { ABORT_REASONS, isPending, listenersOn, rejectionOf, thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drain, textOf, watchAttempt } from "../../support/watched-attempt.ts";
import { makeChunk, makeCompletion } from "../../support/wire-response.ts";

const hi = makeChunk({ content: "Hi" });
const stop = makeChunk({}, "stop", { usage: { prompt_tokens: 1, completion_tokens: 2 } });
const completion = makeCompletion({ content: "Hi", reasoning_content: "Hm" }) as unknown as ChatCompletion;

async function* stream(...chunks: unknown[]): AsyncGenerator<ChatCompletionChunk> {
  for (const chunk of chunks) yield chunk as ChatCompletionChunk;
}

function run(send: CustomOptions["send"], overrides: Partial<AttemptCall> = {}) {
  const attempt = watchAttempt({ provider: "mine", ...overrides });
  return { attempt, opening: custom({ name: "mine", send }).send(attempt.call) };
}

const failureOf = (send: CustomOptions["send"]) => rejectionOf(run(send).opening.then(drain));

/** Chunks, then silence until somebody leaves; notes that. */
function silentAfter(...chunks: readonly ChatCompletionChunk[]) {
  const seen = { returns: 0 };
  const left = [...chunks];
  const iterator: AsyncIterator<ChatCompletionChunk> = {
    async next() {
      const value = left.shift();
      return value ? { done: false, value } : new Promise(() => {});
    },
    async return() {
      seen.returns += 1;
      return { done: true, value: undefined };
    },
  };
  return { seen, answer: { [Symbol.asyncIterator]: () => iterator } };
}

test("a provider of one's own needs only a name and a function", () => {
  const provider = custom({ name: "mine", send: () => "x" });
  expect(provider).toMatchObject({ name: "mine", afterRounds: 0, timeouts: {}, keepAlives: false, usesKey: false });
  expect([provider.model("m"), provider.window("m")]).toEqual(["m", undefined]);
  expect(custom({ name: "mine", model: "own", send: () => "x" }).model("m")).toBe("own");
  expect(thrownBy(() => custom({ name: "", send: () => "x" }))).toMatchObject({ code: "invalid_options" });
  expect(thrownBy(() => custom({ name: "x", afterRounds: 0.5, send: () => "x" }))).toMatchObject({
    code: "invalid_options",
  });
});

test.each([
  [{}, "x: send must be a function, got nothing."],
  [{ send: "hello" }, "x: send must be a function, got a value of type string."],
  [{ send() {}, model: 5 }, "x: model must be a string, got 5."],
  [
    { send() {}, abilities: { tool: false } },
    "x: abilities: unknown option abilities.tool. Known are: tools, forcedTools, images, json, thinking, prefix, reasoningPrefix, prefixWithTools, prefill.",
  ],
  [
    { send() {}, abilities: { tools: "no" } },
    'x: abilities.tools must be true, false or "functions", got a value of type string.',
  ],
])("options that would fail in the middle of a call are refused at once: %o", (options, message) => {
  const made = () => custom({ name: "x", ...options } as unknown as CustomOptions);
  expect(thrownBy(made)).toMatchObject({ code: "invalid_options", message });
});

test("an iterator need not be a promise's: what `for await` takes is taken", async () => {
  const left = [hi, stop];
  const next = () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true, value: undefined });
  const answer = { [Symbol.asyncIterator]: () => ({ next }) } as unknown as CustomAnswer;
  expect(textOf(await drain(await run(() => answer).opening))).toBe("Hi");
});

test("it gets a request of its own: what it changes stays with it", async () => {
  const request = { model: "m", messages: [{ role: "user", content: "hi" }] } as const;
  const reply = await run(
    (given) => {
      const messages = given.messages as unknown as { content: string }[];
      messages.push({ content: "more" });
      for (const message of messages) message.content = "changed";
      return "Hi";
    },
    { request },
  ).opening;
  reply.cancel();
  expect(request.messages).toEqual([{ role: "user", content: "hi" }]);
});

test("it can do everything unless told otherwise", () => {
  const content = [{ type: "image_url", image_url: { url: "data:," } }] as const;
  const request = { model: "m", messages: [{ role: "user", content }] } as const;
  const call = makeCall({ request });
  expect(custom({ name: "mine", send: () => "x" }).unable(call)).toBeUndefined();
  expect(custom({ name: "mine", send: () => "x", abilities: { images: false } }).unable(call)).toBe("images");
});

test("it is given the request under the name of its model, and the signal", async () => {
  let given: unknown[] = [];
  const { opening, attempt } = run(
    (...all) => {
      given = all;
      return "x";
    },
    { model: "own" },
  );
  await drain(await opening);
  const { request, signal } = attempt.call;
  expect(given).toEqual([
    { ...request, model: "own" },
    { model: "own", signal },
  ]);
  expect((given[1] as { signal: unknown }).signal).toBe(signal);
});

test.each([
  ["a text", (): CustomAnswer => "Hi"],
  ["a promise of a text", async () => "Hi"],
  ["a completion", () => completion],
  ["chunks", () => stream(hi, stop)],
  ["a promise of chunks", async () => stream(makeChunk({ role: "assistant" }), hi, stop)],
])("it may answer with %s", async (_, send) => {
  const { opening, attempt } = run(send);
  const reply = await opening;
  expect(reply).toMatchObject({ provider: "mine", model: "deepseek-flash" });
  expect(textOf(await drain(reply))).toBe("Hi");
  expect(await reply.closed).toMatchObject({ outcome: "succeeded" });
  expect(attempt.told.filter((what) => what !== "queued")).toEqual([
    "headers",
    "content",
    "head",
    "attempt head",
    "finish",
  ]);
  expect(listenersOn(attempt.call.signal)).toBe(0);
});

test("a text becomes a chunk with all a chunk must have", async () => {
  const { opening, attempt } = run(() => "Hi");
  const created = Math.floor(attempt.clock.now() / 1000);
  expect(await drain(await opening)).toMatchObject([
    {
      id: "custom",
      object: "chat.completion.chunk",
      created,
      model: "deepseek-flash",
      choices: [{ index: 0, delta: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
    },
  ]);
});

test.each([
  ["an empty text", "", "empty_answer"],
  ["blanks", " \n", "empty_answer"],
  ["chunks without a finish reason", stream(hi), "stream_interrupted"],
  ["no chunks", stream(), "stream_interrupted"],
  ["chunks that are none", stream(hi, null), "unexpected_response"],
  ["an error among the chunks", stream(hi, { error: { code: 429, message: "slow" } }), "rate_limited"],
  ["a completion without choices", { object: "chat.completion" }, "unexpected_response"],
  ["an empty object", {}, "unexpected_response"],
  ["an empty list of choices", { choices: [] }, "unexpected_response"],
  ["an error in place of a completion", { message: "no room", code: 503 }, "busy"],
  ["a Map", new Map(), "unexpected_response"],
  ["a generator that is not async", [hi].values(), "unexpected_response"],
  ["nothing", undefined, "unexpected_response"],
  ["null", null, "unexpected_response"],
  ["a number", 7, "unexpected_response"],
])("its answer is held to the standard of a server's: %s", async (_, answer, code) => {
  expect(await failureOf(() => answer as CustomAnswer)).toMatchObject({ code, provider: "mine" });
});

test("a typed error it throws is passed on as it is", async () => {
  for (const error of [new BusyError("later"), new RateLimitedError("slow", { retryAt: 7 })]) {
    expect(await failureOf(() => Promise.reject(error))).toBe(error);
    expect(
      await failureOf(async function* () {
        yield hi;
        throw error;
      }),
    ).toBe(error);
  }
});

test.each([
  [
    "at once",
    (): CustomAnswer => {
      throw new Error("boom");
    },
  ],
  ["later", () => Promise.reject(new Error("boom"))],
  [
    "between its chunks",
    async function* () {
      yield hi;
      throw new Error("boom");
    },
  ],
] satisfies [string, CustomOptions["send"]][])("any other error counts as unexpected: thrown %s", async (_, send) => {
  const error = await failureOf(send);
  expect(error).toBeInstanceOf(UnexpectedResponseError);
  expect(error).toMatchObject({
    code: "unexpected_response",
    provider: "mine",
    model: "deepseek-flash",
    message: "mine failed: boom",
    cause: { message: "boom" },
  });
});

test("what it throws need not be an Error", async () => {
  expect(await failureOf(() => Promise.reject("boom"))).toMatchObject({ message: "mine failed: boom" });
  expect(await failureOf(() => Promise.reject(undefined))).toMatchObject({ message: "mine failed: undefined" });
});

test("the message of another library's error is masked and cut, as a server's is", async () => {
  const error = await failureOf(() => Promise.reject(new Error(`401 for ${SECRET} ${"x".repeat(5_000)}`)));
  expect((error as Error).message).not.toContain(SECRET);
  expect((error as Error).message.length).toBeLessThan(400);
});

test("another library's error does not carry its request's headers along", async () => {
  const config = { headers: { Authorization: `Bearer ${SECRET}` } };
  const error = await failureOf(() => Promise.reject(Object.assign(new Error("Request failed"), { config })));
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test.each(ABORT_REASONS)("the caller's reason to abort comes back unchanged: %s", async (_, reason) => {
  const lateFailure: CustomOptions["send"] = (_request, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("my own words")), { once: true });
    });
  for (const send of [lateFailure, () => silentAfter().answer, () => silentAfter(hi).answer]) {
    const controller = new AbortController();
    const { opening, attempt } = run(send, { signal: controller.signal });
    const waiting = opening.then(drain);
    expect(await isPending(waiting)).toBe(true);
    controller.abort(reason);
    expect(await rejectionOf(waiting)).toBe(controller.signal.reason);
    expect(listenersOn(controller.signal)).toBe(0);
    expect(attempt.clock.pending).toBe(0);
  }
});

const leave: readonly (readonly [string, (reply: Reply, controller: AbortController) => void])[] = [
  ["cancelled", (reply) => reply.cancel()],
  ["aborted", (_, controller) => controller.abort("enough")],
];

test.each(leave)("its iterator is closed when the answer is %s", async (_, how) => {
  const controller = new AbortController();
  const { seen, answer } = silentAfter(hi);
  const { opening } = run(() => answer, { signal: controller.signal });
  const reply = await opening;
  reply.take();
  const waiting = reply.more().catch((error: unknown) => error);
  how(reply, controller);
  expect(await reply.closed).toMatchObject({ outcome: "cancelled" });
  expect(seen.returns).toBe(1);
  expect(await isPending(waiting)).toBe(false);
});

test("an iterator that is silent after its finish reason has answered", async () => {
  const { seen, answer } = silentAfter(hi, stop);
  const { opening, attempt } = run(() => answer);
  const whole = opening.then(drain);
  expect(await isPending(whole)).toBe(true);
  attempt.settle();
  expect(await isPending(whole)).toBe(false);
  expect(textOf(await whole)).toBe("Hi");
  expect(seen.returns).toBeGreaterThan(0);
});

test("an iterator that fails to close harms nobody", async () => {
  for (const close of [
    () => Promise.reject(new Error("late")),
    () => {
      throw new Error("at once");
    },
  ]) {
    const { answer } = silentAfter(hi);
    Object.assign(answer[Symbol.asyncIterator](), { return: close });
    const reply = await run(() => answer).opening;
    expect(() => reply.cancel()).not.toThrow();
    expect(await isPending(reply.closed)).toBe(false);
  }
});
