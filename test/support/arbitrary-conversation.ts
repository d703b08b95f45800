import fc from "fast-check";
import type { AssistantMessage, ChatMessage, ChatRequest, ToolCall } from "../../src/chat/chat-request.ts";

// Conversations that the API accepts, of every kind.

/** Messages, and what is sent along with them. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  readonly request: Pick<ChatRequest, "tools" | "thinking">;
}

const PIN = "📌";
/** By its words, so that a copy of a pinned message is pinned as well. */
export const isPinned = ({ content }: ChatMessage): boolean => typeof content === "string" && content.startsWith(PIN);

const tools: ChatRequest["tools"] = [
  { type: "function", function: { name: "read_file", parameters: { type: "object" } } },
];

const piece = fc.constantFrom(
  "The quick brown fox. ",
  "服务器繁忙，请稍后再试。",
  "👍👨‍👩‍👧🎉",
  "const a = [1, 2];\n",
  "x",
  "é ß Ω ",
);
/** Long enough that it stands in no message about it by chance; some are much longer. */
const text = fc
  .record({
    pieces: fc.array(piece, { minLength: 1, maxLength: 4 }),
    times: fc.constantFrom(1, 1, 1, 3, 20),
    pin: fc.constantFrom("", "", "", "", "", PIN),
    id: fc.nat(1e9),
  })
  .map(({ pieces, times, pin, id }) => `${pin}words-${id} ${pieces.join("").repeat(times)}`);

const image = { type: "image_url", image_url: { url: "https://example.com/cat.png" } } as const;
const parts = text.map((words) => [{ type: "text" as const, text: words }, image]);

const system = text.map((content): ChatMessage => ({ role: "system", content }));
const user = fc.oneof({ weight: 5, arbitrary: text }, parts).map((content): ChatMessage => ({ role: "user", content }));
const thought = fc.option(fc.oneof(fc.constant(""), text), { nil: undefined });

const answer = fc
  .record({ content: text, thinking: thought })
  .map(({ content, thinking }) => say({ content }, thinking));

/** Tool calls, and their results in any order. */
const step = fc
  .record({
    content: fc.option(fc.oneof(fc.constant(""), text), { nil: null }),
    thinking: thought,
    results: fc.array(fc.oneof({ weight: 5, arbitrary: text }, parts), { minLength: 1, maxLength: 3 }),
    isTurned: fc.boolean(),
    id: fc.constantFrom("call", "tool"),
  })
  .map(({ content, thinking, results, isTurned, id }): readonly ChatMessage[] => {
    // As some hosts do, the ids begin anew in every message.
    const calls = results.map(
      (_, index): ToolCall => ({
        id: `${id}_${index}`,
        type: "function",
        function: { name: "read_file", arguments: '{"path":"a.ts"}' },
      }),
    );
    const answers = results.map((result, index): ChatMessage => {
      return { role: "tool", tool_call_id: `${id}_${index}`, content: result };
    });
    return [say({ content, tool_calls: calls }, thinking), ...(isTurned ? answers.toReversed() : answers)];
  });

/** What follows a question: steps, and between them now and then what the model said, or a new instruction. */
const work = fc.array(fc.oneof({ weight: 6, arbitrary: step }, answer.map(alone), system.map(alone)), { maxLength: 5 });
const questions = fc
  .array(fc.oneof({ weight: 5, arbitrary: user }, system), { maxLength: 2 })
  .chain((more) => user.map((first) => [first, ...more]));

const turn = fc.record({ questions, work, answer }).map((of) => [...of.questions, ...of.work.flat(), of.answer]);

/** The last turn waits for an answer: behind a question, a result, or the beginning of the answer. */
const openTurn = fc
  .record({ questions, work: fc.array(step, { maxLength: 4 }), last: fc.option(answer) })
  .map(({ questions: asked, work: done, last }) => {
    return [...asked, ...done.flat(), ...(last ? [{ ...last, prefix: true } as ChatMessage] : [])];
  });

export const arbitraryConversation: fc.Arbitrary<Conversation> = fc
  .record({
    opening: fc.array(fc.oneof({ weight: 3, arbitrary: system }, answer), { maxLength: 2 }),
    turns: fc.array(turn, { maxLength: 8 }),
    last: openTurn,
    hasTools: fc.boolean(),
    isThinking: fc.boolean(),
  })
  .map(({ opening, turns, last, hasTools, isThinking }) => {
    const messages = [...opening, ...turns.flat(), ...last];
    return {
      // The API wants the thinking of every message back.
      messages: hasTools && isThinking ? messages.map(withThinking) : messages,
      request: {
        thinking: { type: isThinking ? "enabled" : "disabled" },
        ...(hasTools && { tools }),
      },
    };
  });

function say(message: Omit<AssistantMessage, "role">, thinking: string | undefined): ChatMessage {
  return { role: "assistant", ...message, ...(thinking !== undefined && { reasoning_content: thinking }) };
}

function withThinking(message: ChatMessage): ChatMessage {
  return message.role === "assistant" ? { ...message, reasoning_content: message.reasoning_content ?? "" } : message;
}

function alone(message: ChatMessage): readonly ChatMessage[] {
  return [message];
}

/** How many of the messages each request had, from the first to the last. */
export function requestLengths(messages: readonly ChatMessage[]): number[] {
  return messages.flatMap(({ role }, index) => {
    const next = messages[index + 1];
    return !next || (next.role === "assistant" && role !== "assistant") ? [index + 1] : [];
  });
}

/** All texts in a conversation. */
export function textsOf(messages: readonly ChatMessage[]): string[] {
  return messages.flatMap((message) => {
    const { content, reasoning_content: thinking } = message as AssistantMessage & Pick<ChatMessage, "content">;
    const contents = Array.isArray(content)
      ? content.map((part: { text?: string }) => part.text ?? "")
      : [content ?? ""];
    return [...contents, thinking ?? ""].filter((words) => words !== "") as string[];
  });
}

/** The same words in new objects. */
export function freshCopy(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  return structuredClone(messages);
}

/** Nobody can change it. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const entry of Object.values(value)) deepFreeze(entry);
  return Object.freeze(value);
}
