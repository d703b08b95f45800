import type { ChatRequest } from "../chat/chat-request.ts";
import {
  aFunction,
  aString,
  type Check,
  checkShape,
  listOf,
  ofType,
  oneOf,
  refuse,
  type Shape,
  wholeFromOne,
} from "../check-shape.ts";
import type { CallOptions } from "../client-options.ts";
import { aFitting, cutShare, type FitOptions } from "../context/fit-options.ts";
import type { FlushPlan } from "../context/plan-flush.ts";

/** How a conversation is kept within the model's window. */
export interface ConversationContext
  extends Pick<FitOptions, "triggerAt" | "cutTo" | "strategies" | "countTokens" | "pin"> {
  /**
   * Tokens that the prompt and its answer may have together. A whole number from 1.
   * @defaultValue what is known of the model; of one that is not known, no limit
   */
  readonly windowTokens?: number | undefined;
}

/** Options of `conversation()`: what every request of it has, and how its history is kept. */
export interface ConversationOptions extends Omit<ChatRequest, "messages"> {
  /**
   * What the model is told to be, before all that is said. A function is asked at the beginning and before each turn; a text that changes makes
   * every request one that no cache knows. An empty text is none.
   * @defaultValue none
   */
  readonly system?: string | (() => string) | undefined;
  /** Before a turn that would be too long, the history is shortened once, and stays so. `false`: never. @defaultValue `{}`: 90 % of the window, then 58 % */
  readonly context?: ConversationContext | false | undefined;
  /** What becomes of a turn while another one runs: it waits until those before it are over, or it is refused. @defaultValue "queue" */
  readonly whenBusy?: "queue" | "refuse" | undefined;
  /** Told when the history was shortened, after the turn that needed it. What it throws is swallowed, and warned about once. @defaultValue nobody */
  readonly onFlush?: ((plan: FlushPlan) => void) | undefined;
  /** Told what is wrong with the conversation, though it works. @defaultValue `console.warn` */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What a conversation's own options are; all others stand in its requests. */
type OwnOption = Exclude<keyof ConversationOptions, keyof ChatRequest>;
/** What every request of a conversation has, beside its messages. */
export type TurnRequest = Omit<ConversationOptions, OwnOption>;

/** Whether a value is in range is the API's business: it is said when the first turn is sent. */
const anything: Check = () => {};
const orNull =
  (check: Check): Check =>
  (value, label) =>
    value === null || check(value, label);

const requestShape = (): Readonly<Record<Exclude<keyof ChatRequest, "messages">, Check>> => ({
  model: (value, label) => {
    if (typeof value !== "string" || value === "") refuse(label, "the name of a model", value);
  },
  thinking: anything,
  reasoning_effort: anything,
  max_tokens: orNull(wholeFromOne),
  max_completion_tokens: orNull(wholeFromOne),
  response_format: anything,
  stop: anything,
  temperature: anything,
  top_p: anything,
  tools: listOf("a list of tools", (entry) => typeof entry === "object" && entry !== null),
  tool_choice: anything,
  logprobs: anything,
  top_logprobs: anything,
  user_id: aString,
  safety_check: anything,
  frequency_penalty: anything,
  presence_penalty: anything,
  n: anything,
});

/** @throws InvalidOptionsError for an unknown key, with a hint, or a value out of range. */
export function checkConversationOptions(options: unknown): asserts options is ConversationOptions {
  const own: Readonly<Record<OwnOption, Check>> & Shape = {
    system: ofType("a string or a function that returns one", "string", "function"),
    context: aFitting({ windowTokens: wholeFromOne }),
    whenBusy: oneOf("queue", "refuse"),
    onFlush: aFunction,
    onWarning: aFunction,
  };
  const request = requestShape();
  checkShape(options, "conversation", { ...request, ...own });
  request.model((options as { readonly model?: unknown }).model, "model");
}

/** Without what concerns only the conversation itself. */
export function requestOf(options: ConversationOptions): TurnRequest {
  const { system: _, context: __, whenBusy: ___, onFlush: ____, onWarning: _____, ...request } = options;
  return request;
}

/** What a turn gives the hosts: the history fits the model already, and is cut further only where a window is smaller. */
export function contextOfHosts({ context = {} }: ConversationOptions): CallOptions["context"] {
  return context && { ...context, cutTo: cutShare(context), triggerAt: 1 };
}
