import type { Policy, ProviderCall, Reply, Send } from "../call.ts";
import { ANSWER_TOKENS, type AnswerTokens } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { ContextLengthError, InvalidRequestError } from "../error-family.ts";
import { ResilientClientError, restateError } from "../errors.ts";
import { unlessAborted } from "../load-part.ts";
import type { Repaired, RepairHow } from "../prepare/apply-repair.ts";
import { loadPreparing } from "../prepare/load-preparing.ts";
import type { ModelState } from "../state/model-state.ts";

/** Where requests are repaired. */
export interface RepairPlace {
  readonly model: ModelState;
  /** Of a provider that prepares requests for DeepSeek: what was to be done ahead is done, and `max_tokens` was said. */
  readonly prepares: { answerTokens(model: string): AnswerTokens | undefined } | undefined;
  /** How much of its window is to be used, where somebody said so. */
  readonly windowTokens: number | undefined;
}

/**
 * A request that is refused with a 400 which says exactly what is wrong with it is repaired and sent again, once: gateways pass
 * DeepSeek's own refusals on, whatever provider they were set up as. What helped is done ahead from then on, so that it is
 * paid for once.
 */
export function repairRequest(place: RepairPlace): Policy<ProviderCall> {
  return async (call, next) => {
    const isKnown = place.model.repairs.size > 0 || windowOf(place) < 4 * ANSWER_TOKENS.max;
    const sent = isKnown ? await repairAhead(call, place) : call;
    try {
      return await next(sent);
    } catch (error) {
      if (ContextLengthError.isInstance(error)) return makeRoom(error, call, next, place);
      if (!isRefusal(error)) throw error;
      return repairAndSend(error, sent, next, place);
    }
  };
}

function isRefusal(error: unknown): error is InvalidRequestError {
  return InvalidRequestError.isInstance(error) && error.status === 400;
}

function windowOf({ model, prepares, windowTokens = Number.POSITIVE_INFINITY }: RepairPlace): number {
  return prepares ? Math.min(windowTokens, model.window ?? windowTokens) : Number.POSITIVE_INFINITY;
}

async function repairAhead(call: ProviderCall, place: RepairPlace): Promise<ProviderCall> {
  const { applyRepair, fitMaxTokens } = await unlessAborted(loadPreparing(), call.signal);
  const how = howOf(call, place);
  let repaired: Repaired = call;
  for (const complaint of place.model.repairs.values()) repaired = applyRepair(complaint, repaired, how) ?? repaired;
  const { request, model } = repaired;
  const fitted = fitMaxTokens(request, place.prepares?.answerTokens(model), windowOf(place));
  return fitted === call.request && model === call.model ? call : { ...call, request: fitted, model };
}

async function repairAndSend(
  error: InvalidRequestError,
  call: ProviderCall,
  next: Send<ProviderCall>,
  place: RepairPlace,
): Promise<Reply> {
  const part = await partOrNothing(call);
  const complaint = part?.readComplaint(error);
  if (!part || !complaint) throw error;
  const repaired = part.applyRepair(complaint, call, howOf(call, place));
  if (!repaired && complaint.rule === "forced-tool-choice")
    throw restateError(error, `${error.message} - ${part.TOOL_CHOICE_REMEDY}`, {});
  if (!repaired) throw error;
  try {
    const reply = await next(again(call, repaired));
    place.model.learnRepair(complaint);
    return reply;
  } catch (failure) {
    // It may be wrong in more than one way: the next call is repaired of the first ahead, and of the second then.
    const isRefused = ResilientClientError.isInstance(failure) && failure.status === 400;
    if (isRefused && part.readComplaint(failure)?.rule !== complaint.rule) place.model.learnRepair(complaint);
    throw failure;
  }
}

/** The default of `max_tokens`, said aloud, is no reason to refuse a prompt that fits: it gives way. */
async function makeRoom(
  error: ContextLengthError,
  call: ProviderCall,
  next: Send<ProviderCall>,
  { model, prepares }: RepairPlace,
): Promise<Reply> {
  const { status, maxTokens, promptTokens } = error;
  const usual = prepares?.answerTokens(call.model);
  // Of an answer that goes on, nobody knows what was asked for in all.
  if (!usual || status !== 400 || maxTokens === undefined || promptTokens === undefined || call.continues) throw error;
  const part = await partOrNothing(call);
  if (!part) throw error;
  model.learnWindow(maxTokens);
  const roomTokens = maxTokens - promptTokens;
  const fitted = part.fitMaxTokens(call.request, usual, maxTokens);
  const isFitting = fitted !== call.request && (fitted.max_tokens ?? 0) <= roomTokens;
  const request = isFitting ? fitted : part.shrinkMaxTokens(call.request, roomTokens);
  if (request === call.request) throw error;
  return next(again(call, { request, model: call.model }));
}

/** What cannot be loaded repairs nothing: the refusal stands. */
async function partOrNothing({ signal }: ProviderCall) {
  const part = await Promise.resolve(unlessAborted(loadPreparing(), signal)).catch(() => undefined);
  signal.throwIfAborted();
  return part;
}

function again(call: ProviderCall, repaired: { readonly request: ChatRequest; readonly model: string }): ProviderCall {
  return { ...call, request: repaired.request, model: repaired.model, kind: "repair" };
}

function howOf({ forcedToolChoice, log, provider }: ProviderCall, { prepares }: RepairPlace): RepairHow {
  const tell: RepairHow["tell"] = (rule, message) => log.change(rule, `${message} (${provider} refuses it otherwise)`);
  return { wish: forcedToolChoice, isPrepared: prepares !== undefined, tell };
}
