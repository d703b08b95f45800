import type { ChatCompletion, ChatCompletionChunk } from "../chat/chat-response.ts";
import { isFields } from "./endpoint.ts";
import type { TextCompletion, TextCompletionChunk, TextLogprobs } from "./text-completion.ts";

/** `echo`: goes before the text. */
export function toTextCompletion({ choices, ...fields }: ChatCompletion, echo: string): TextCompletion {
  return {
    ...fields,
    object: "text_completion",
    choices: choices.map(({ message, logprobs, ...choice }) => ({
      ...choice,
      text: echo + message.content,
      logprobs: joinLogprobs(logprobs),
    })),
  };
}

/** `echo`: goes before its text. */
export function toTextChunk({ choices, ...fields }: ChatCompletionChunk, echo: string): TextCompletionChunk {
  return {
    ...fields,
    object: "text_completion",
    choices: choices.map(({ delta, logprobs, ...choice }) => ({
      ...choice,
      text: echo + (delta.content ?? ""),
      logprobs: joinLogprobs(logprobs),
    })),
  };
}

/** Of each list, all pieces; of everything else the last one. They travel as entries of a list, which chat adds up. */
function joinLogprobs(pieces: ChatCompletion["choices"][number]["logprobs"] | undefined): TextLogprobs | null {
  const joined = new Map<string, unknown>();
  for (const piece of (pieces?.content ?? []) as readonly unknown[]) {
    for (const [key, value] of isFields(piece) ? Object.entries(piece) : []) {
      const before = joined.get(key);
      if (Array.isArray(before) && Array.isArray(value)) for (const entry of value) before.push(entry);
      else if (!Array.isArray(before)) joined.set(key, Array.isArray(value) ? [...value] : value);
    }
  }
  return joined.size > 0 ? Object.fromEntries(joined) : null;
}
