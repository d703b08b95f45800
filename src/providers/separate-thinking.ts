import { type ChatCompletionChunk, type ChunkDelta, WAS_THINKING } from "../chat/chat-response.ts";
import { createThinkingSplitter, type SplitText } from "../chat/split-thinking.ts";
import { MalformedOutputError } from "../error-family.ts";
import type { ErrorDetails } from "../errors.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";

/**
 * How thinking is marked that comes inside the text.
 *
 * - `auto`: a `<think>` at the very beginning opens it; one that is never opened, and only closed by a `</think>` that is
 *   no part of a sentence, is found too, as long as nothing of it was delivered.
 * - `implicit`: the answer begins with thinking, without an opening tag, as the templates of DeepSeek R1 and its
 *   descendants have it. An answer without a closing tag was all text.
 * - `none`: text is text.
 */
export type ThinkTags = "auto" | "implicit" | "none";

interface SeparationOptions {
  readonly tags: "auto" | "implicit";
  /** Whether nobody sees anything before the end, so that text may still turn out to be thinking. */
  isUnseen(): boolean;
  readonly who: string;
  readonly details: ErrorDetails;
}

/** Moves thinking between tags out of the text into `reasoning_content`, where DeepSeek has it. */
export function separateThinking(decoder: ChunkDecoder, options: SeparationOptions): ChunkDecoder {
  const { tags, isUnseen, who, details } = options;
  const splitter = createThinkingSplitter(tags === "implicit");
  const separate = (chunk: ChatCompletionChunk): ChatCompletionChunk => {
    const choice = chunk.choices[0];
    if (!choice || splitter.isOver) return chunk;
    const { delta, finish_reason: finish } = choice;
    const { content, reasoning_content: reasoning, tool_calls: calls } = delta;
    if (reasoning) splitter.stop();
    const atEnd = finish === "stop" ? "finished" : finish || calls?.length || reasoning ? "cut" : false;
    if (!content && !(atEnd && splitter.isHolding)) return chunk;
    const found = splitter.split(content ?? "", atEnd);
    if (found.wasThinking && !isUnseen()) {
      const remedy = 'Set thinkTags: "implicit" at its provider.';
      throw new MalformedOutputError(
        `${who} thinks aloud, and opens no <think>: its text was thinking. ${remedy}`,
        details,
      );
    }
    if (found.text === content && found.thinking === "") return chunk;
    return { ...chunk, choices: [{ ...choice, delta: withThinking(delta, found) }] };
  };
  return {
    // What somebody has seen as text is text.
    get isUnsettled() {
      return isUnseen() && !splitter.isOver;
    },
    chunk: (json) => separate(decoder.chunk(json)),
    completion: (json) => decoder.completion(json).map(separate),
  };
}

function withThinking(delta: ChunkDelta, found: SplitText): ChunkDelta {
  const thinking = (delta.reasoning_content ?? "") + found.thinking;
  return {
    ...delta,
    content: found.text,
    ...(thinking && { reasoning_content: thinking }),
    ...(found.wasThinking && { [WAS_THINKING]: true as const }),
  };
}
