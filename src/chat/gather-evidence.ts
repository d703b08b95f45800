import { type ChatCompletionChunk, type FinishReason, type Usage, WAS_THINKING } from "./chat-response.ts";
import { createToolCallCollector } from "./collect-tool-calls.ts";
import { createMarkupDetector } from "./detect-markup.ts";
import { type AnswerEvidence, decisiveFinish } from "./judge-completion.ts";

/** Watches the chunks of an answer go by, for the judgement at its end. */
export interface Evidence {
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
  /** Length of all text, thinking and arguments so far. */
  readonly characters: number;
  /** Notes a chunk; returns whether it brings anything generated. */
  note(chunk: ChatCompletionChunk): boolean;
  /** Whether all pieces of tool calls so far could be understood. */
  readonly hasSoundPieces: boolean;
  /** What is known when the stream is over. */
  conclude(allowEmpty: boolean): AnswerEvidence;
}

/** `offersTools`: only then can text be a tool call that was not recognized. */
export function createEvidence(offersTools: boolean): Evidence {
  let detectMarkup = offersTools ? createMarkupDetector() : undefined;
  const toolCalls = createToolCallCollector();
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  let hasText = false;
  let hasWhitespace = false;
  let hasReasoning = false;
  let isRefused = false;
  let hasMarkup = false;
  let characters = 0;
  return {
    get characters() {
      return characters;
    },
    get hasSoundPieces() {
      return !toolCalls.hasLostPiece;
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
      const { content, reasoning_content: reasoning, tool_calls: pieces, refusal } = choice.delta;
      if (choice.delta[WAS_THINKING]) {
        [hasReasoning, hasText, hasMarkup] = [true, false, false];
        detectMarkup &&= createMarkupDetector();
      }
      if (content) {
        characters += content.length;
        hasWhitespace = true;
        if (detectMarkup) hasMarkup = detectMarkup(content);
        // Looked at only until the first text was seen.
        if (!hasText && content.trim() !== "") hasText = true;
      }
      if (reasoning) {
        characters += reasoning.length;
        hasReasoning = true;
      }
      if (refusal) [characters, isRefused] = [characters + refusal.length, true];
      if (pieces?.length) {
        toolCalls.add(pieces);
        for (const piece of pieces) characters += lengthOf(piece?.function?.arguments);
      }
      return Boolean(content || reasoning || pieces?.length || refusal);
    },
    conclude: (allowEmpty) => ({
      finishReason,
      hasText,
      hasWhitespace,
      hasReasoning,
      isRefused,
      hasMarkup,
      // The calls of an answer that was cut are never handed out.
      toolCalls: finishReason === "length" ? [] : toolCalls.complete(),
      allowEmpty,
    }),
  };
}

/** Arguments may be anything in hostile JSON, an object with a `length` among it. */
function lengthOf(value: unknown): number {
  return typeof value === "string" ? value.length : 0;
}
