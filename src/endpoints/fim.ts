import type { ChatRequest, TextPart } from "../chat/chat-request.ts";
import { validateTextCompletion } from "../chat/validate-request.ts";
import { isFields } from "../parse-json.ts";
import type { Preparation } from "./endpoint.ts";
import type { TextCompletionParams } from "./text-completion.ts";

export { toTextChunk, toTextCompletion } from "./to-text.ts";

/**
 * Fill-in-the-middle as a chat request: a user's message of one or two parts, what stands before the gap and what stands
 * behind it, and the text so far as the beginning of the answer. To go on is to ask with a longer prompt, which is exact.
 */
export const fim: Preparation<TextCompletionParams> = {
  prepare(params) {
    validateTextCompletion(params);
    const { prompt, suffix, echo: _, stream: __, ...fields } = params;
    const content: TextPart[] = [prompt, ...(suffix == null ? [] : [suffix])].map((text) => ({ type: "text", text }));
    // Its `logprobs` is a number; whoever looks at it only asks whether it is there.
    return {
      ...fields,
      messages: [{ role: "user", content }],
      thinking: { type: "disabled" },
    } as unknown as ChatRequest;
  },
  endpoint: {
    name: "fim",
    path: "/completions",
    encode({ messages, thinking: _, ...fields }) {
      const [gap, begun] = messages;
      // As `prepare` made it, and `continueRequest` went on with it.
      const [before, behind] = (gap?.content ?? []) as readonly TextPart[];
      const prompt = (before?.text ?? "") + (begun?.content ?? "");
      return { ...fields, prompt, ...(behind && { suffix: behind.text }) };
    },
    read(json, isWhole, unexpected) {
      if (!isFields(json) || !Array.isArray(json["choices"])) return json;
      const choices = json["choices"].map((choice: unknown) => {
        if (!isFields(choice) || choice["error"]) return choice;
        const { text: content, logprobs, ...others } = choice;
        // A last piece may have none. Where chat comes instead, an empty text would pass for an answer.
        const isLast = !isWhole && content == null && typeof choice["finish_reason"] === "string";
        const isChat = "delta" in choice || "message" in choice;
        if (typeof content !== "string" && (!isLast || isChat)) throw unexpected("a choice without text");
        const said = isWhole ? { message: { role: "assistant", content } } : { delta: { content } };
        return { ...others, ...said, logprobs: isFields(logprobs) ? { content: [logprobs] } : null };
      });
      return { ...json, choices };
    },
  },
};
