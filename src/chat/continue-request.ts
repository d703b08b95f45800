import type { Limited } from "./answer-tokens.ts";
import type { AssistantMessage, ChatRequest } from "./chat-request.ts";

/** What there is of an answer that is to go on. */
export interface Kept {
  readonly content: string;
  readonly reasoning: string;
  /** How many tokens of `max_tokens` it has used up, about. */
  readonly spentTokens: number;
}

/**
 * The request that goes on where an answer stopped: with that answer as the last message. `prefix`: marked as the
 * beginning of what is to come, with its thinking (DeepSeek's chat prefix completion, beta); `prefill`: unmarked, as hosts
 * understand it that go on with whatever stands last.
 *
 * JSON mode is left out, because no page says how it takes half an object; whoever joins the parts checks the whole.
 *
 * `asked`: the limits of the whole answer. Those of the request may be lower: what a host takes at once.
 */
export function continueRequest(
  request: ChatRequest,
  kept: Kept,
  how: "prefix" | "prefill",
  asked: Limited = request,
): ChatRequest {
  const { response_format: _, messages, ...fields } = request;
  const last = messages.at(-1);
  // The caller's own beginning is the beginning of the beginning.
  const own = last?.role === "assistant" && (last.prefix || how === "prefill") ? last : undefined;
  const begun: AssistantMessage = {
    ...own,
    role: "assistant",
    content: (own?.content ?? "") + kept.content,
    ...(how === "prefix" ? { prefix: true, ...reasoningOf(request, own, kept) } : {}),
  };
  const before = own ? messages.slice(0, -1) : messages;
  return { ...fields, messages: [...before, begun], ...leftTokens(request, asked, kept) };
}

/** With tools, DeepSeek wants the thinking of every assistant message, and be it empty. */
function reasoningOf(
  { tools }: ChatRequest,
  own: AssistantMessage | undefined,
  { reasoning }: Kept,
): Pick<AssistantMessage, "reasoning_content"> {
  const thought = (own?.reasoning_content ?? "") + reasoning;
  return thought !== "" || tools?.length ? { reasoning_content: thought } : {};
}

function leftTokens(request: Limited, asked: Limited, { spentTokens }: Kept): Limited {
  const left = (limit: number, inAll: number | null | undefined) =>
    inAll == null ? limit : Math.min(limit, Math.max(1, inAll - spentTokens));
  const { max_tokens: most, max_completion_tokens: mostInAll } = request;
  return {
    ...(most != null && { max_tokens: left(most, asked.max_tokens) }),
    ...(mostInAll != null && { max_completion_tokens: left(mostInAll, asked.max_completion_tokens) }),
  };
}
