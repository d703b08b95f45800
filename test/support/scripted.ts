import type { Clock } from "../../src/async/clock.ts";
import type { Call, Reply } from "../../src/call.ts";
import { createCallLog } from "../../src/call-log.ts";
import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import type { ClientEvent } from "../../src/events.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

/** A call with everything a policy may look at. */
export function makeCall(
  overrides: Partial<Call> & { readonly clock?: Clock; readonly onEvent?: (event: ClientEvent) => void } = {},
): Call {
  const { onEvent, ...given } = overrides;
  const clock = given.clock ?? createVirtualClock();
  const never = Number.POSITIVE_INFINITY;
  return {
    id: "call_test",
    request: { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] },
    wire: "stream",
    toolCalls: "whole",
    allowEmpty: false,
    responseFormat: given.request?.response_format,
    forcedToolChoice: "refuse",
    headers: {},
    fetch: () => Promise.reject(new Error("no fetch in this test")),
    signal: new AbortController().signal,
    clock,
    random: () => 0.5,
    log: createCallLog("call_test", clock, onEvent),
    startBy: never,
    deadlineAt: never,
    priority: 0,
    round: 0,
    delivered: () => ({ content: "", reasoning_content: "", hasOther: false, id: "", created: 0, reader: "pieces" }),
    continued: "fresh",
    ...given,
  };
}

/** A chunk that brings some text. */
export function textChunk(content: string, finishReason: string | null = null): ChatCompletionChunk {
  return {
    id: "chat-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "deepseek-flash",
    choices: [{ index: 0, delta: { content }, finish_reason: finishReason }],
  };
}

type Outcome = "succeeded" | "cancelled";

/** A reply that gives these chunks one read each, then ends, or fails with `error`. `onEnd` is told at once, and once. */
export function makeReply(
  chunks: readonly ChatCompletionChunk[],
  error?: unknown,
  onEnd: (outcome: Outcome) => void = () => {},
): Reply & { readonly cancelled: boolean } {
  const left = [...chunks];
  let isCancelled = false;
  let isClosed = false;
  const { promise: closed, resolve } = Promise.withResolvers<{ outcome: Outcome }>();
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    const outcome = error === undefined && !isCancelled ? "succeeded" : "cancelled";
    onEnd(outcome);
    resolve({ outcome });
  };
  return {
    provider: "scripted",
    model: "deepseek-flash",
    continued: "fresh",
    breaks: [],
    hasToolCalls: false,
    take: () => left.shift(),
    async more() {
      if (left.length > 0) return true;
      close();
      if (error !== undefined) throw error;
      return false;
    },
    cancel() {
      isCancelled = true;
      close();
    },
    get cancelled() {
      return isCancelled;
    },
    closed,
  };
}
