import { forwardAbort } from "../async/abort.ts";
import type { AttemptCall, Reply, Send } from "../call.ts";
import { type ChatCompletionChunk, WAS_THINKING } from "../chat/chat-response.ts";
import { createRepetitionDetector, type RepetitionDetector } from "../chat/detect-repetition.ts";
import { type Watch, watchBoth } from "../chat/watch.ts";
import { estimateTokens } from "../context/estimate-tokens.ts";
import type { GuardKind } from "../error-codes.ts";
import { GuardError } from "../error-family.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { GuardOptions } from "./guards.ts";
import { ThroughputMeter } from "./throughput-meter.ts";

/** Of half a page, said ten times: nobody means that. */
const REPETITION = { afterChars: 2_000, repetitions: 10, maxPeriodChars: 2_000 };
const WINDOW_MS = 30_000;

/** Sends an attempt, and watches its answer. */
export function guardAnswer(options: GuardOptions, call: AttemptCall, next: Send<AttemptCall>): Promise<Reply> {
  const { repetition, maxThinkingTokens, minTokensPerSecond, windowMs = WINDOW_MS } = options;
  let { watch } = call;
  const add = (more: Watch) => {
    watch = watchBoth(watch, more);
  };
  const trip = objector(options, call);
  if (repetition) add(watchRepetition({ ...REPETITION, ...withoutUndefined(Object(repetition)) }, call, trip));
  if (maxThinkingTokens !== undefined) add(watchThinking(maxThinkingTokens, call, trip));
  if (minTokensPerSecond === undefined) return next({ ...call, watch });
  return measured({ minTokensPerSecond, windowMs }, { ...call, watch }, next, trip);
}

async function measured(
  floor: { readonly minTokensPerSecond: number; readonly windowMs: number },
  call: AttemptCall,
  next: Send<AttemptCall>,
  trip: Objector,
): Promise<Reply> {
  const controller = new AbortController();
  const { signal } = controller;
  const unlink = forwardAbort(call.signal, controller);
  const meter = new ThroughputMeter(call, floor, (tokensPerSecond, overMs) => {
    const what = `generated ${rounded(tokensPerSecond)} tokens a second over ${rounded(overMs / 1_000)} s, fewer than ${floor.minTokensPerSecond}`;
    const remedy = "Lower the limit, or measure over a longer guards.windowMs";
    controller.abort(trip("throughput", "minTokensPerSecond", what, remedy));
  });
  const release = () => {
    meter.stop();
    unlink();
  };
  const watch = watchBoth(call.watch, (_, { all }) => {
    meter.tokens = all;
    return undefined;
  });
  try {
    const reply = await next({ ...call, signal, progress: meter, watch });
    void reply.closed.then(release);
    return reply;
  } catch (error) {
    release();
    throw error;
  }
}

function watchRepetition(limits: typeof REPETITION, call: AttemptCall, trip: Objector): Watch {
  const text = createRepetitionDetector(limits);
  const thinking = createRepetitionDetector(limits);
  // A loop may have begun in the part that the answer goes on from.
  const before = goneOnWith(call);
  text.add(before.content);
  thinking.add(before.reasoning);
  const judge = (detector: RepetitionDetector, said: string | null | undefined, where: string) => {
    const found = said ? detector.add(said) : undefined;
    if (!found) return undefined;
    const { periodChars, times } = found;
    const what = `said the same ${periodChars === 1 ? "character" : `${periodChars} characters`} ${times} times in a row in its ${where}`;
    const remedy = "Ask again with another prompt or temperature, or permit more: guards.repetition.afterChars";
    return trip("repetition", "repetition", what, remedy);
  };
  return (chunk) => {
    const delta = chunk.choices[0]?.delta;
    return judge(text, delta?.content, "text") ?? judge(thinking, delta?.reasoning_content, "thinking");
  };
}

function watchThinking(maxTokens: number, call: AttemptCall, trip: Objector): Watch {
  const before = goneOnWith(call);
  const tokensBefore = estimateTokens(before.reasoning);
  let hasAnswer = before.content.trim() !== "";
  return (chunk, { thinking }) => {
    hasAnswer = (hasAnswer && !chunk.choices[0]?.delta[WAS_THINKING]) || answers(chunk);
    const tokens = tokensBefore + thinking;
    if (hasAnswer || tokens <= maxTokens) return undefined;
    const what = `thought for about ${tokens} tokens, more than ${maxTokens}, and had not begun its answer`;
    const remedy = `Raise the limit, or have it think less: reasoning_effort: "low", thinking: { type: "disabled" }`;
    return trip("thinking", "maxThinkingTokens", what, remedy);
  };
}

function answers({ choices }: ChatCompletionChunk): boolean {
  const { content, tool_calls: calls, refusal } = choices[0]?.delta ?? {};
  return Boolean(content?.trim() || calls?.length || refusal);
}

/** What the attempt goes on with: it is the same answer. */
function goneOnWith({ continues, continued }: AttemptCall): { readonly content: string; readonly reasoning: string } {
  return continues && (continued === "prefix" || continued === "prefill") ? continues : { content: "", reasoning: "" };
}

/** What a guard has to say of an attempt: what it saw in numbers, never in words, and what to do. */
type Objector = (guard: GuardKind, option: keyof GuardOptions, what: string, remedy: string) => GuardError;

function objector({ onTrip }: GuardOptions, { provider, attempt }: AttemptCall): Objector {
  const other = onTrip === "elsewhere" ? "" : '; guards.onTrip: "elsewhere" asks another provider';
  return (guard, option, what, remedy) => {
    const model = attempt.asked();
    const message = `${provider} (${model}) ${what} (guards.${option}). ${remedy}${other}.`;
    return new GuardError(message, { provider, model, guard });
  };
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
