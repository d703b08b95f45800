import type { ChatCompletionChunk, FinishReason, Usage } from "./chat-response.ts";
import { createToolCallCollector } from "./collect-tool-calls.ts";
import { type AnswerEvidence, decisiveFinish } from "./judge-completion.ts";

/** Watches the chunks of an answer go by, for the judgement at its end. */
export interface Evidence {
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
  /** Length of all text, thinking and arguments so far. */
  readonly characters: number;
  /** Notes a chunk; returns whether it brings anything generated. */
  note(chunk: ChatCompletionChunk): boolean;
  /** What is known when the stream is over. */
  conclude(allowEmpty: boolean): AnswerEvidence;
}

export function createEvidence(): Evidence {
  const toolCalls = createToolCallCollector();
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  let hasText = false;
  let hasWhitespace = false;
  let hasReasoning = false;
  let characters = 0;
  return {
    get characters() {
      return characters;
    },
    get finishReason() {
      return finishReason;
    },
    get usage() {
      return usage;
    },
    note(chunk) {
      if (chunk.usage) usage = chunk.usage;
      const choice = chunk.choices[0];
      if (!choice) return false;
      if (choice.finish_reason) finishReason = decisiveFinish(finishReason, choice.finish_reason);
      const { content, reasoning_content: reasoning, tool_calls: pieces } = choice.delta;
      if (content) {
        characters += content.length;
        hasWhitespace = true;
        // Looked at only until the first text was seen.
        if (!hasText && content.trim() !== "") hasText = true;
      }
      if (reasoning) {
        characters += reasoning.length;
        hasReasoning = true;
      }
      const hasPieces = pieces ? pieces.length > 0 : false;
      if (pieces && hasPieces) {
        toolCalls.add(pieces);
        for (const piece of pieces) characters += piece?.function?.arguments?.length ?? 0;
      }
      return Boolean(content || reasoning || hasPieces);
    },
    conclude: (allowEmpty) => ({
      finishReason,
      hasText,
      hasWhitespace,
      hasReasoning,
      // The calls of an answer that was cut are never handed out.
      toolCalls: finishReason === "length" ? [] : toolCalls.complete(),
      allowEmpty,
    }),
  };
}
