import {
  type AllProvidersFailedError,
  type AnyResilientClientError,
  type Balance,
  BusyError,
  type CallPromise,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatStream,
  type ClientEvent,
  type ContextLengthError,
  type CostReport,
  createResilientClient,
  custom,
  deepseek,
  type EmptyAnswerError,
  type ErrorCode,
  exponential,
  type LookUpOptions,
  type Model,
  type ModelList,
  type RateLimitedError,
  ResilientClientError,
  type StreamPart,
  schedule,
  type TextCompletion,
  type TextCompletionChunk,
  type TextCompletionStream,
  TimeoutError,
  type TimeoutPhase,
  type ToolCall,
} from "resilient-deepseek";
import { expectTypeOf, test } from "vitest";

const client = createResilientClient();
const { completions } = client.chat;
const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;

test("stream decides between a completion and a stream", () => {
  expectTypeOf(completions.create(params)).toEqualTypeOf<CallPromise<ChatCompletion>>();
  expectTypeOf(completions.create({ ...params, stream: false })).toEqualTypeOf<CallPromise<ChatCompletion>>();
  expectTypeOf(completions.create({ ...params, stream: true })).toEqualTypeOf<CallPromise<ChatStream>>();
  const unknown = Math.random() < 0.5;
  expectTypeOf(completions.create({ ...params, stream: unknown })).toEqualTypeOf<
    CallPromise<ChatCompletion | ChatStream>
  >();
  expectTypeOf(completions.stream(params)).toEqualTypeOf<ChatStream>();
});

test("a stream is iterated as chunks, text and parts", () => {
  expectTypeOf<ChatStream>().toExtend<AsyncIterable<ChatCompletionChunk>>();
  expectTypeOf<ChatStream["textStream"]>().returns.toExtend<AsyncIterable<string>>();
  expectTypeOf<ChatStream["parts"]>().returns.toExtend<AsyncIterable<StreamPart>>();
  expectTypeOf<Extract<StreamPart, { type: "tool-calls" }>["toolCalls"]>().toEqualTypeOf<readonly ToolCall[]>();
});

test("known models are suggested and any other string is taken", () => {
  expectTypeOf(completions.create).toBeCallableWith({ ...params, model: "deepseek-v4-pro" });
  expectTypeOf(completions.create).toBeCallableWith({ ...params, model: "deepseek-v9-unheard-of" });
});

test("what cannot be right does not compile", () => {
  // @ts-expect-error: messages are missing
  completions.create({ model: "deepseek-flash" });
  // @ts-expect-error: nobody is called wizard
  completions.create({ ...params, messages: [{ role: "wizard", content: "hi" }] });
  // @ts-expect-error: a tool's answer names the call it belongs to
  completions.create({ ...params, messages: [{ role: "tool", content: "42" }] });
  // @ts-expect-error: one answer a call
  completions.create({ ...params, n: 2 });
  // @ts-expect-error: no such option
  createResilientClient({ maxRetries: 3 });
  createResilientClient({ providers: [] });
  // @ts-expect-error: a signal belongs to one call
  client.withOptions({ signal: AbortSignal.abort() });
});

test("options are written as their documentation says", () => {
  expectTypeOf(createResilientClient).toBeCallableWith({
    apiKey: async () => "sk-x",
    profile: "patient",
    timeouts: { startMs: 1_000, totalMs: Number.POSITIVE_INFINITY },
    retry: { maxRounds: 3, backoff: schedule([5_000, 10_000, 30_000]) },
    resume: false,
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<ClientEvent>(),
  });
  expectTypeOf(createResilientClient).toBeCallableWith({
    providers: [deepseek(), custom({ name: "x", send: () => "y" })],
  });
  expectTypeOf(createResilientClient).toBeCallableWith({
    retry: { backoff: ({ round, previousMs, random }) => round * previousMs * random() },
  });
  expectTypeOf(exponential()).parameter(0).toHaveProperty("round").toEqualTypeOf<number>();
});

test("guards narrow errors to their class", () => {
  const error: unknown = undefined;
  if (TimeoutError.isInstance(error)) {
    expectTypeOf(error.code).toEqualTypeOf<"timeout">();
    expectTypeOf(error.phase).toEqualTypeOf<TimeoutPhase>();
  }
  if (ResilientClientError.isInstance(error)) expectTypeOf(error.code).toEqualTypeOf<ErrorCode>();
  expectTypeOf(new BusyError("later").code).toEqualTypeOf<"busy">();
});

test("events narrow by their type", () => {
  const read = (event: ClientEvent) => {
    if (event.type === "wait") expectTypeOf(event.forMs).toEqualTypeOf<number>();
    if (event.type === "call-end")
      expectTypeOf(event.report.outcome).toEqualTypeOf<"pending" | "succeeded" | "failed" | "aborted">();
  };
  expectTypeOf(read).parameter(0).toEqualTypeOf<ClientEvent>();
});

test("an error's code narrows it to its class, and every code is one of the family", () => {
  const error: unknown = new BusyError("busy");
  if (!ResilientClientError.isInstance(error)) return;
  if (error.code === "timeout") expectTypeOf(error.phase).toEqualTypeOf<TimeoutPhase>();
  if (error.code === "rate_limited") expectTypeOf(error.concurrencyLimit).toEqualTypeOf<number | undefined>();
  if (error.code === "all_providers_failed")
    expectTypeOf(error.errors).toEqualTypeOf<readonly AnyResilientClientError[]>();
  expectTypeOf<AnyResilientClientError["code"]>().toEqualTypeOf<ErrorCode>();
  // The classes have the fields the code promises.
  expectTypeOf<BusyError | TimeoutError | AllProvidersFailedError>().toExtend<AnyResilientClientError>();
  expectTypeOf<RateLimitedError | EmptyAnswerError | ContextLengthError>().toExtend<AnyResilientClientError>();
});

test("money is typed: limits of a call, a window of the client, prices of a provider", () => {
  expectTypeOf(completions.create).toBeCallableWith(params, { maxCostUsd: 0.05 });
  createResilientClient({ maxCostUsd: 1, costWindow: { maxCostUsd: 5, windowMs: 60_000 } });
  deepseek({ price: { promptUsd: 1, cachedUsd: 0.1, completionUsd: 2 } });
  deepseek({ price: (model, now) => (model === "x" && now > 0 ? { promptUsd: 1, completionUsd: 2 } : undefined) });
  expectTypeOf(client.usage().total.costUsd).toEqualTypeOf<CostReport | undefined>();
  expectTypeOf(client.usage().models[0]?.provider).toEqualTypeOf<string | undefined>();
  // @ts-expect-error: a window has a limit
  createResilientClient({ costWindow: { windowMs: 60_000 } });
  // @ts-expect-error: the window is the client's
  completions.stream(params, { costWindow: { maxCostUsd: 5 } });
  // @ts-expect-error: a price says what an answer costs
  deepseek({ price: { promptUsd: 1 } });
  // @ts-expect-error: a price is there at once
  deepseek({ price: async () => ({ promptUsd: 1, completionUsd: 2 }) });
});

test("a gap is filled whole or as a stream of its own", () => {
  const gap = { model: "deepseek-flash", prompt: "a", suffix: "b" } as const;
  expectTypeOf(client.completions.create(gap)).toEqualTypeOf<CallPromise<TextCompletion>>();
  expectTypeOf(client.completions.create({ ...gap, stream: true })).toEqualTypeOf<CallPromise<TextCompletionStream>>();
  expectTypeOf(client.completions.create({ ...gap, stream: Math.random() < 0.5 })).toEqualTypeOf<
    CallPromise<TextCompletion | TextCompletionStream>
  >();
  expectTypeOf(client.completions.stream(gap)).toEqualTypeOf<TextCompletionStream>();
  expectTypeOf(client.completions.stream(gap)).toExtend<AsyncIterable<TextCompletionChunk>>();
  expectTypeOf(client.completions.stream(gap).finalCompletion()).resolves.toEqualTypeOf<TextCompletion>();
  // @ts-expect-error it has a prompt, and no messages
  void client.completions.create({ model: "deepseek-flash", messages: [] });
  // @ts-expect-error a number here, and a switch in chat
  void client.completions.create({ ...gap, logprobs: true });
});

test("what is looked up has its types, and only options that mean something", () => {
  expectTypeOf(client.models.list()).toEqualTypeOf<CallPromise<ModelList>>();
  expectTypeOf(client.balance()).toEqualTypeOf<CallPromise<Balance>>();
  expectTypeOf<Model["context_window"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Model["anything"]>().toBeUnknown();
  expectTypeOf<Balance["balance_infos"][number]["total_balance"]>().toEqualTypeOf<string>();
  expectTypeOf({ signal: new AbortController().signal, timeouts: { startMs: 1 } }).toExtend<LookUpOptions>();
  // @ts-expect-error there is no answer to go on with
  void client.balance({ resume: false });
  // @ts-expect-error a provider of one's own is asked for chat alone
  void custom({ name: "own", send: () => "", abilities: { fim: true } });
});
