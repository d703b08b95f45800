import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import type { DeliveredPart, Join, JoinContext } from "../../src/chat/join-answer.ts";

/** A part that was delivered, under an id of its own. */
export const deliveredPart = (content: string, reasoning = ""): DeliveredPart => ({
  content,
  reasoning_content: reasoning,
  id: "first",
  created: 7,
});

export const joinContext = ({ request, ...others }: Partial<JoinContext> = {}): JoinContext => ({
  request: { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }], ...request },
  allowEmpty: false,
  provider: "lab",
  model: "lab-model",
  before: { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0, isPromptCounted: false },
  ...others,
});

/** What is shown of these chunks, chunk by chunk. */
export const addEach = (join: Join, chunks: readonly ChatCompletionChunk[]) => chunks.map((chunk) => join.add(chunk));

/** The thinking chunks bring. */
export function thinkingOf(chunks: readonly ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.reasoning_content ?? "").join("");
}

/** A text in pieces, cut before each of `places`. */
export function cutAt(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set([0, ...places.map((place) => place % (text.length + 1)), text.length])];
  const sorted = cuts.sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => text.slice(sorted[index], end));
}
