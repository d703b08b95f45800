import type { Call, Policy, ProviderCall, Reply } from "../call.ts";
import { limitOf } from "../chat/answer-tokens.ts";
import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";
import { originalOf } from "../chat/copy-request.ts";
import { counterFor } from "../context/count-messages.ts";
import { type FitPlan, type FittedContext, fitToPlan, planFit, shorten } from "../context/fit-context.ts";
import { requireFit } from "../context/require-fit.ts";
import { roomInWindow } from "../context/reserve.ts";
import { ContextLengthError } from "../error-family.ts";
import type { ModelState } from "../state/model-state.ts";
import type { ContextOptions } from "./fit-context.ts";

/** Below so many tokens a prompt is no reason to be busy. */
const LONG_TOKENS = 16_384;
/** Of a window nobody knows: everything fits. */
const UNKNOWN = Number.POSITIVE_INFINITY;
/** Rounds that are waited out before a busy provider gets less. */
const BUSY_ROUNDS = 2;

/** As `fitContext` says. */
export function fitToWindow(
  options: ContextOptions,
  known: () => number | undefined,
  model: ModelState,
  goesOn: (call: Call) => boolean,
): Policy<ProviderCall> {
  return async (call, next) => {
    const windowNow = () => Math.min(options.windowTokens ?? UNKNOWN, model.window ?? known() ?? UNKNOWN);
    const cutFor = (windowTokens: number) =>
      cut(call, planCall(call, goesOn(call), { options, windowTokens, model }), options);
    const windowTokens = windowNow();
    const fitted = cutFor(windowTokens);
    const sent = withMessages(call, fitted);
    try {
      // The provider may find the window on its way.
      const reply = await next(windowTokens === UNKNOWN ? { ...sent, cutsLater: true } : sent);
      // Who counts exactly has nothing to teach the estimate.
      return options.countTokens ? reply : learnFrom(reply, call, fitted.tokens, model);
    } catch (error) {
      if (!ContextLengthError.isInstance(error)) throw error;
      // Nobody was asked: the window that was found does not hold what was to be sent.
      const isFound = error.status === undefined && windowNow() < windowTokens;
      const again = isFound ? cutFor(windowNow()) : afterRefusal(error, sent, fitted.tokens, options, model);
      if (!again) throw error;
      return next({ ...withMessages(isFound ? call : sent, again), kind: "repair" });
    }
  };
}

function planCall(
  { request, continues }: ProviderCall,
  goesOn: boolean,
  {
    options,
    windowTokens,
    model: { correction },
  }: { readonly options: ContextOptions; readonly windowTokens: number; readonly model: ModelState },
): FitPlan {
  const counter = counterFor(options.countTokens);
  // In steps: a cut must not move with every answer.
  const factor = options.countTokens ? 1 : Math.max(0.1, Math.round(correction.factor * 20) / 20);
  // Who starts again is not sent it.
  const begun = continues && goesOn ? counter.count(answerOf(continues), true) : 0;
  const budgetTokens = Math.max(1, Math.floor(roomInWindow(windowTokens, request) / factor) - begun);
  return planFit({ ...options, pin: ownPin(options), budgetTokens, request }, counter);
}

/** Messages of a call are copies; `pin` may know its own. */
function ownPin({ pin }: ContextOptions): ContextOptions["pin"] {
  return pin && ((message) => pin(originalOf(message)));
}

const answerOf = ({ content, reasoning }: { readonly content: string; readonly reasoning: string }): ChatMessage => ({
  role: "assistant",
  content,
  reasoning_content: reasoning,
});

function cut(call: ProviderCall, plan: FitPlan, { onBusy }: ContextOptions): FittedContext {
  const fitted = fitToPlan(call.request.messages, plan);
  const failure = call.log.failures.get(call.provider);
  const isTooHeavy = onBusy === "flush" && call.round >= BUSY_ROUNDS && failure?.code === "busy";
  if (!isTooHeavy || fitted.tokens < LONG_TOKENS) return fitted;
  const half = fitted.tokens * 0.5 ** (call.round - BUSY_ROUNDS + 1);
  const targetTokens = Math.max(LONG_TOKENS / 2, Math.floor(half));
  return cutTo(fitted.messages, { ...plan, targetTokens, goal: { ...plan.goal, targetTokens } }, fitted.tokensBefore);
}

function cutTo(messages: readonly ChatMessage[], plan: FitPlan, tokensBefore: number): FittedContext {
  const short = shorten(messages, plan.goal.sumTokens(messages), plan);
  requireFit(short.messages, short.tokens, plan, messages);
  return { ...short, tokensBefore };
}

/** What is sent instead, after the server said how much it takes; nothing, where it named no numbers or nothing can go. */
function afterRefusal(
  error: ContextLengthError,
  sent: ProviderCall,
  estimated: number,
  options: ContextOptions,
  model: ModelState,
): FittedContext | undefined {
  const { maxTokens, requestedTokens, promptTokens, status } = error;
  if (status === undefined || maxTokens === undefined) return undefined;
  model.learnWindow(maxTokens);
  const { request } = sent;
  const counted = promptTokens ?? (requestedTokens && requestedTokens - (limitOf(request) ?? 0));
  if (!counted || counted <= 0) return undefined;
  if (!options.countTokens) model.correction.learn(estimated, counted);
  // Of this one it is known exactly how far the estimate is off.
  const kept = (requestedTokens ?? counted) - counted;
  // What nobody asked for gives way in a small window.
  const room = maxTokens - (limitOf(request) === undefined ? Math.min(kept, maxTokens / 4) : kept);
  const budgetTokens = Math.max(1, Math.floor((room * estimated) / counted));
  const plan = planFit({ ...options, pin: ownPin(options), budgetTokens, request }, counterFor(options.countTokens));
  const fitted = cutTo(request.messages, plan, estimated);
  return fitted.applied.length > 0 ? fitted : undefined;
}

function withMessages(call: ProviderCall, { messages, tokens, tokensBefore, applied }: FittedContext): ProviderCall {
  if (messages === call.request.messages) return call;
  const { provider, log } = call;
  const alike = messages.findIndex((message, index) => message !== call.request.messages[index]);
  const tokensCached = counterFor().sum(messages.slice(0, alike < 0 ? messages.length : alike), false);
  log.flushed(provider, { tokensBefore, tokensAfter: tokens, tokensCached, applied });
  const request: ChatRequest = { ...call.request, messages };
  return { ...call, request };
}

function learnFrom(reply: Reply, call: ProviderCall, estimated: number, { correction }: ModelState): Reply {
  if (!call.continues)
    void reply.closed.then(({ tokens, estimated: isGuess }) => {
      if (tokens && !isGuess) correction.learn(estimated, tokens.promptTokens);
    });
  return reply;
}
