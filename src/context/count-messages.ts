import type { AssistantMessage, ChatMessage, ChatRequest, ContentPart } from "../chat/chat-request.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { estimateTokens } from "./estimate-tokens.ts";

/** Counts the tokens of a text: an exact tokenizer, in place of the estimate. Must be quick, and always say the same of one text. */
export type CountTokens = (text: string) => number;

/** What a message weighs in a request. */
export interface MessageCounter {
  /** The same object as long as nothing of the message was changed. */
  look(message: ChatMessage): object;
  /** `withThinking`: its `reasoning_content` is read by the model, as with `tools`. */
  count(message: ChatMessage, withThinking: boolean): number;
  /** All messages and what surrounds them. */
  sum(messages: readonly ChatMessage[], withThinking: boolean): number;
  tools(tools: ChatRequest["tools"]): number;
}

/** Role and separators around each message: what the simulator's rule and the vendor's own harness add. */
const FRAME = 4;
/** Before the answer. */
const OPENING = 3;
/** https://api-docs.deepseek.com/guides/vision */
const IMAGE = 1_024;
/** Names of fields and brackets around a tool call, and around a tool. */
const CALL_FRAME = 8;

/** What was counted, and of which texts: a message that was edited in place is counted anew. */
interface Counted {
  readonly content: unknown;
  readonly calls: unknown;
  readonly thinking: unknown;
  readonly base: number;
  readonly thought: number;
}

const counters = new WeakMap<CountTokens, MessageCounter>();

/** The counter of a function: one for all who use it, so that what was counted is known. */
export function counterFor(countTokens: CountTokens = estimateTokens): MessageCounter {
  const known = counters.get(countTokens) ?? createMessageCounter(countTokens);
  counters.set(countTokens, known);
  return known;
}

/** Remembers what each message weighs, as long as it lives: only new ones are looked at. */
function createMessageCounter(given: CountTokens): MessageCounter {
  const countTokens = (text: string) => {
    const tokens = given(text);
    if (tokens >= 0) return tokens;
    throw new InvalidOptionsError("countTokens must give a number of tokens, at once.");
  };
  const known = new WeakMap<ChatMessage, Counted>();
  const knownTools = new WeakMap<object, number>();
  const look = (message: ChatMessage): Counted => {
    const { content, reasoning_content: thinking, tool_calls: calls } = message as AssistantMessage;
    const old = known.get(message);
    if (old && old.content === content && old.calls === calls && old.thinking === thinking) return old;
    const base = FRAME + countContent(message.content, countTokens) + countCalls(calls, countTokens);
    const counted = { content, calls, thinking, base, thought: thinking ? countTokens(thinking) : 0 };
    known.set(message, counted);
    return counted;
  };
  const count = (message: ChatMessage, withThinking: boolean) => {
    const { base, thought } = look(message);
    // Thinking goes on behind the beginning of an answer.
    return thought > 0 && (withThinking || (message as AssistantMessage).prefix) ? base + thought : base;
  };
  return {
    look,
    count,
    sum(messages, withThinking) {
      let sum = OPENING;
      for (const message of messages) sum += count(message, withThinking);
      return sum;
    },
    tools(tools) {
      if (!tools?.length) return 0;
      const old = knownTools.get(tools);
      if (old !== undefined) return old;
      const sum = tools.reduce((total, tool) => total + CALL_FRAME + countTokens(JSON.stringify(tool)), 0);
      knownTools.set(tools, sum);
      return sum;
    },
  };
}

function countContent(content: ChatMessage["content"], countTokens: CountTokens): number {
  if (typeof content === "string") return countTokens(content);
  if (!Array.isArray(content)) return 0;
  return (content as readonly ContentPart[]).reduce((sum, part) => {
    if (part.type === "text") return sum + countTokens(part.text);
    // Of a file nobody knows before it was read.
    return sum + IMAGE;
  }, 0);
}

function countCalls(calls: AssistantMessage["tool_calls"], countTokens: CountTokens): number {
  if (!calls?.length) return 0;
  return calls.reduce(
    (sum, { function: { name, arguments: given } }) => sum + CALL_FRAME + countTokens(name) + countTokens(given),
    0,
  );
}
