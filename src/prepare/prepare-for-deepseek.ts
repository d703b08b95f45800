import type { AnswerTokens } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { useJsonMode } from "./json-mode.ts";
import { nameMaxTokens, renameMaxTokens } from "./max-tokens.ts";
import { fillContent, renameDeveloper, sendThinkingBack } from "./mend-messages.ts";
import { renameModel } from "./model-names.ts";
import { tellNoEffect } from "./no-effect.ts";
import type { Tell } from "./rule.ts";
import { dropPartialStrict, type ForcedToolChoice, resolveToolChoice } from "./tool-rules.ts";

/** What the rules need to know beside the request. */
export interface Preparation {
  /** The format of the whole answer, which a request that goes on with a part of it does not name. */
  readonly format: ChatRequest["response_format"];
  readonly forcedToolChoice: ForcedToolChoice;
  /** Whether it goes to DeepSeek itself: a gateway may have models of the old names. */
  readonly isOwnAddress: boolean;
  /** The model's usual `max_tokens`; `undefined`: nobody knows. */
  readonly answerTokens: AnswerTokens | undefined;
  readonly tell: Tell;
}

/**
 * The request as DeepSeek takes it: each rule is a 400 or a wasted answer that others paid for. What was given is never
 * changed; where nothing is to do, it is the same object.
 * @throws InvalidRequestError for what no rule may decide.
 */
export function prepareForDeepSeek(request: ChatRequest, how: Preparation): ChatRequest {
  const { tell } = how;
  const rules: readonly ((request: ChatRequest) => ChatRequest)[] = [
    // Whether the model thinks is decided first: the later ones ask.
    (given) => (how.isOwnAddress ? renameModel(given, tell) : given),
    (given) => resolveToolChoice(given, tell, how.forcedToolChoice),
    (given) => renameDeveloper(given, tell),
    (given) => fillContent(given, tell),
    (given) => sendThinkingBack(given, tell),
    (given) => dropPartialStrict(given, tell),
    (given) => useJsonMode(given, tell, given.response_format ?? how.format),
    (given) => renameMaxTokens(given, tell),
    (given) => nameMaxTokens(given, how.answerTokens),
    (given) => tellNoEffect(given, tell),
  ];
  return rules.reduce((given, rule) => rule(given), request);
}
