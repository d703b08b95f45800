import { type AnswerTokens, limitOf } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { ContextLengthError, type InvalidRequestError } from "../error-family.ts";
import { ResilientClientError, restateError } from "../errors.ts";
import { applyRepair, type Repaired, type RepairHow } from "./apply-repair.ts";
import { fitMaxTokens } from "./max-tokens.ts";
import { type Complaint, readComplaint } from "./read-complaint.ts";
import type { Tell } from "./rule.ts";
import { type ForcedToolChoice, TOOL_CHOICE_REMEDY } from "./tool-rules.ts";

/** Where requests are repaired. */
export interface RepairPlace {
  /** What all calls of a client know of the provider's model. */
  readonly model: {
    readonly repairs: ReadonlyMap<string, Complaint>;
    learnRepair(complaint: Complaint): void;
    learnWindow(tokens: number): void;
  };
  /** Of a provider that prepares requests for DeepSeek: what was to be done ahead is done, and `max_tokens` was said. */
  readonly prepares: { answerTokens(model: string): AnswerTokens | undefined } | undefined;
  /** Whether an empty `reasoning_content` is not sent there. */
  readonly dropsEmptyThinking?: boolean | undefined;
}

/** A call to one provider, as far as it matters here. */
interface Asked extends Repaired {
  readonly provider: string;
  readonly continues?: object | undefined;
  readonly forcedToolChoice: ForcedToolChoice;
  readonly log: { readonly change: Tell };
}

/** What is sent instead, and what is remembered of how it went: `failure`, where it failed. */
export interface Repair {
  readonly repaired: Repaired;
  /** What it does something about. */
  readonly complaint?: Complaint;
  learn(failure?: unknown): void;
}

/**
 * The request without what was refused here before, and with no longer an answer than the window has room for. `tried`: what this
 * very call was refused for, whatever came of it.
 */
export function repairAhead(
  asked: Asked,
  place: RepairPlace,
  windowTokens: number,
  tried: readonly Complaint[],
): Repaired {
  const how = howOf(asked, place);
  let { request, model }: Repaired = asked;
  for (const complaint of [...place.model.repairs.values(), ...tried])
    ({ request, model } = applyRepair(complaint, { request, model }, how) ?? { request, model });
  return { request: fitMaxTokens(request, place.prepares?.answerTokens(model), windowTokens), model };
}

/**
 * What may be sent instead of a request that was refused; `undefined`: nothing, the refusal stands. `given`: the request before anything
 * was repaired ahead.
 * @throws InvalidRequestError the refusal, with what helps where only the caller may decide.
 */
export function planRepair(
  error: InvalidRequestError | ContextLengthError,
  asked: Asked,
  place: RepairPlace,
  given: ChatRequest,
): Repair | undefined {
  if (ContextLengthError.isInstance(error)) return makeRoom(error, asked, place, given);
  const complaint = readComplaint(error);
  const repaired = complaint && applyRepair(complaint, asked, howOf(asked, place));
  if (!repaired && complaint?.rule === "forced-tool-choice")
    throw restateError(error, `${error.message} - ${TOOL_CHOICE_REMEDY}`, {});
  if (!repaired) return undefined;
  return {
    repaired,
    complaint,
    learn(failure) {
      // It may be wrong in more than one way: the next call is repaired of the first ahead, and of the second then.
      const isPast =
        failure === undefined ||
        (ResilientClientError.isInstance(failure) &&
          failure.status === 400 &&
          !isSame(readComplaint(failure), complaint));
      if (isPast) place.model.learnRepair(complaint);
    },
  };
}

function isSame(one: Complaint | undefined, other: Complaint): boolean {
  return one?.rule === other.rule;
}

/** The default of `max_tokens`, said aloud, is no reason to refuse a prompt that fits: it gives way. */
function makeRoom(
  { maxTokens, promptTokens }: ContextLengthError,
  { request, model, continues }: Asked,
  { model: memory, prepares }: RepairPlace,
  given: ChatRequest,
): Repair | undefined {
  const usual = prepares?.answerTokens(model);
  // Of an answer that goes on, nobody knows what was asked for in all. A limit of the caller's own stays.
  if (!usual || maxTokens === undefined || promptTokens === undefined || continues || limitOf(given) !== undefined)
    return undefined;
  const roomTokens = maxTokens - promptTokens;
  const { max_tokens: ours, ...others } = request;
  const fitted = fitMaxTokens(others, usual, maxTokens);
  const mostTokens = Math.min(fitted.max_tokens ?? roomTokens, roomTokens);
  if (mostTokens < LEAST_TOKENS || mostTokens === ours) return undefined;
  return {
    repaired: { request: { ...others, max_tokens: mostTokens }, model },
    learn(failure) {
      // A number that nobody has proved would make all later answers short.
      if (failure === undefined) memory.learnWindow(maxTokens);
    },
  };
}

/** An answer shorter than that is mostly none. */
const LEAST_TOKENS = 1_024;

function howOf(
  { forcedToolChoice, log, provider }: Asked,
  { prepares, dropsEmptyThinking = false }: RepairPlace,
): RepairHow {
  const tell: Tell = (rule, message) => log.change(rule, `${message} (${provider} refuses it otherwise)`);
  return { wish: forcedToolChoice, prepares, dropsEmptyThinking, tell };
}
