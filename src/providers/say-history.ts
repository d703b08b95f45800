import type { AssistantMessage, ChatMessage, ChatRequest, ContentPart } from "../chat/chat-request.ts";
import type { Tell } from "../prepare/rule.ts";
import type { DialectOptions } from "./dialect-options.ts";

/**
 * The conversation as the host takes it, whoever gave the answers in it: earlier thinking under the host's name for it, nothing of
 * what other hosts add to their answers, and turns in the order it wants.
 */
export function sayHistory(
  request: ChatRequest,
  { earlierThinking = "reasoning_content", turns = "any" }: Pick<DialectOptions, "earlierThinking" | "turns">,
  answerFields: ReadonlySet<string>,
  tell: Tell,
): ChatRequest {
  let messages: readonly ChatMessage[] = request.messages.map((message) =>
    message.role === "assistant" ? sayAnswer(message, earlierThinking, answerFields) : message,
  );
  if (turns === "alternating") messages = alternate(messages, tell);
  const isSame = messages.every((message, index) => message === request.messages[index]);
  return isSame ? request : { ...request, messages };
}

/**
 * What hosts say in an answer and nobody takes in a request: OpenRouter's signed thinking, which is for the model that signed it, and what
 * searches found. A host that knows one of them as its own keeps it.
 */
const ANSWER_FIELDS: ReadonlySet<string> = new Set([
  "reasoning_details",
  "annotations",
  "citations",
  "search_results",
  "refusal",
  "images",
]);

/** Of these, what is not sent to a host that takes back `kept`. */
export function answerFieldsBut(kept: readonly string[] = []): ReadonlySet<string> {
  return new Set([...ANSWER_FIELDS].filter((field) => !kept.includes(field)));
}

function sayAnswer(
  message: AssistantMessage,
  earlierThinking: NonNullable<DialectOptions["earlierThinking"]>,
  answerFields: ReadonlySet<string>,
): AssistantMessage {
  const isForeign = Object.keys(message).some((field) => answerFields.has(field));
  const isThought = message.reasoning_content !== undefined && earlierThinking !== "reasoning_content";
  if (!isForeign && !isThought) return message;
  const { reasoning_content: thinking, ...others } = message;
  const own = Object.fromEntries(Object.entries(others).filter(([field]) => !answerFields.has(field)));
  const field = earlierThinking === "none" ? undefined : earlierThinking;
  // An answer that only thought is none without it, and Ollama refuses a null.
  const isBare = isThought && (message.content ?? undefined) === undefined && !callsTools(message);
  // An empty one is DeepSeek's own wish.
  const isKept = field === "reasoning_content" ? thinking !== undefined : Boolean(thinking);
  return { ...own, role: "assistant", ...(isBare && { content: "" }), ...(field && isKept && { [field]: thinking }) };
}

/** Messages of the same role in a row are one to such a host. What called tools, or answers them, stays alone. */
function alternate(messages: readonly ChatMessage[], tell: Tell): readonly ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    const both = last && join(last, message);
    if (both) joined[joined.length - 1] = both;
    else joined.push(message);
  }
  const fewer = messages.length - joined.length;
  if (fewer > 0)
    tell("host-messages", `${fewer} message${fewer === 1 ? "" : "s"} joined the one before: roles take turns there`);
  return fewer > 0 ? joined : messages;
}

function join(first: ChatMessage, second: ChatMessage): ChatMessage | undefined {
  if (first.role !== second.role || first.role === "tool" || first.role === "system") return undefined;
  if (callsTools(first) || callsTools(second)) return undefined;
  return { ...first, ...second, content: joinContent(first.content, second.content) } as ChatMessage;
}

function callsTools(message: ChatMessage): boolean {
  return message.role === "assistant" && (message.tool_calls?.length ?? 0) > 0;
}

type Content = string | readonly ContentPart[] | null | undefined;

function joinContent(first: Content, second: Content): Content {
  if (Array.isArray(first) || Array.isArray(second)) return [...partsOf(first), ...partsOf(second)];
  return [first, second].filter(Boolean).join("\n\n");
}

function partsOf(content: Content): readonly ContentPart[] {
  if (typeof content !== "string") return content ?? [];
  return content === "" ? [] : [{ type: "text", text: content }];
}
