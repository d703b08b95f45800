import { ignoreRejection } from "../async/abort.ts";
import { type Deferred, defer } from "../async/deferred.ts";
import { createQueue } from "../async/queue.ts";
import type { ToolCall } from "../chat/chat-request.ts";
import type { StreamPart } from "../client/iterate-chunks.ts";
import type { ToolOutcome } from "../tool-step.ts";
import type { ToolLoop } from "./tool-loop.ts";
import type { ToolStreamPart } from "./tool-types.ts";

/** How a run is read: that decides how its answers may go on when they break off. */
export type Reading = "parts" | "text" | "whole";

/**
 * Asks, runs the tools, and asks again, until the model answers. Each step is a stream of the client's, so it survives what
 * every stream does. A generator may be used here: before its first step nothing is open.
 */
export async function* playSteps(loop: ToolLoop, reading: Reading): AsyncGenerator<ToolStreamPart, void> {
  try {
    for (;;) {
      const { step } = loop;
      const stream = loop.ask();
      if (reading === "parts") for await (const part of stream.parts()) yield* shown(part, step);
      if (reading === "text") for await (const text of stream.textStream()) yield { type: "text-delta", step, text };
      const completion = await stream.finalChatCompletion();
      const { message, calls } = loop.read(completion);
      for (const toolCall of calls) yield { type: "tool-call", step, toolCall };
      const outcomes = yield* playCalls(loop, calls, step);
      const finished = loop.enter(completion, message, outcomes, stream.report);
      yield { type: "step-finish", ...finished };
      if (calls.length === 0) break;
      loop.requireStep();
    }
    loop.throwIfAborted();
    yield { type: "finish", result: loop.result() };
  } finally {
    loop.close();
  }
}

function* shown(part: StreamPart, step: number): Generator<ToolStreamPart> {
  // The others are told when the answer is complete.
  if (part.type !== "tool-calls" && part.type !== "finish") yield { ...part, step };
}

async function* playCalls(
  loop: ToolLoop,
  calls: readonly ToolCall[],
  step: number,
): AsyncGenerator<ToolStreamPart, readonly ToolOutcome[]> {
  const ended = createQueue<ToolOutcome>();
  let news: Deferred<void> = defer();
  const running = loop.execute(calls, (outcome) => {
    ended.push(outcome);
    news.resolve();
  });
  // A reader that leaves does not wait for it.
  ignoreRejection(running);
  for (let told = 0; told < calls.length; ) {
    await Promise.race([running, news.promise]);
    news = defer();
    for (; ended.size > 0; told += 1) yield toPart(ended.take() as ToolOutcome, step); // There is one.
  }
  return running;
}

function toPart(outcome: ToolOutcome, step: number): ToolStreamPart {
  switch (outcome.status) {
    case "done":
      return { type: "tool-result", step, ...outcome };
    case "refused":
      return { type: "tool-refused", step, ...outcome };
    default:
      return { type: "tool-error", step, ...outcome };
  }
}
