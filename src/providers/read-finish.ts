import type { ChatCompletionChunk, FinishReason } from "../chat/chat-response.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";

/** Puts DeepSeek's finish reasons in the place of a host's own. */
export function readFinish(decoder: ChunkDecoder, words: Readonly<Record<string, FinishReason>>): ChunkDecoder {
  const known = new Map(Object.entries(words));
  const read = (chunk: ChatCompletionChunk): ChatCompletionChunk => {
    const choice = chunk.choices[0];
    const meant = choice?.finish_reason && known.get(choice.finish_reason);
    return choice && meant ? { ...chunk, choices: [{ ...choice, finish_reason: meant }] } : chunk;
  };
  return {
    get isUnsettled() {
      return decoder.isUnsettled;
    },
    chunk: (json) => read(decoder.chunk(json)),
    completion: (json) => decoder.completion(json).map(read),
  };
}
