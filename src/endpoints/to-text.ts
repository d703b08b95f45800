import type { ChatCompletion, ChatCompletionChunk } from "../chat/chat-response.ts";
import { isFields } from "../parse-json.ts";
import type { TextChoice, TextCompletion, TextCompletionChunk, TextLogprobs } from "./text-completion.ts";

/** `echo`: goes before the text. */
export function toTextCompletion({ choices, ...fields }: ChatCompletion, echo: string): TextCompletion {
  const toChoice = ({ message, ...choice }: (typeof choices)[number]) => toText(choice, echo + message.content);
  return { ...fields, object: "text_completion", choices: choices.map(toChoice) };
}

/** `echo`: goes before its text. */
export function toTextChunk({ choices, ...fields }: ChatCompletionChunk, echo: string): TextCompletionChunk {
  const toChoice = ({ delta, ...choice }: (typeof choices)[number]) => toText(choice, echo + (delta.content ?? ""));
  return { ...fields, object: "text_completion", choices: choices.map(toChoice) };
}

function toText<Finish>(
  { logprobs, ...choice }: Omit<TextChoice<Finish>, "text" | "logprobs"> & { readonly logprobs?: Logprobs },
  text: string,
): TextChoice<Finish> {
  return { ...choice, text, logprobs: joinLogprobs(logprobs) };
}

type Logprobs = ChatCompletion["choices"][number]["logprobs"] | undefined;

/** Of each list, all pieces; of everything else the last one. They travel as entries of a list, which chat adds up. */
function joinLogprobs(pieces: Logprobs): TextLogprobs | null {
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
