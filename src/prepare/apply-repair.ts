import type { AnswerTokens } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { wantsThinkingBack } from "../chat/thinking.ts";
import { useJsonMode } from "./json-mode.ts";
import { lowerMaxTokens } from "./max-tokens.ts";
import { addThinking, fillContent, renameDeveloper } from "./mend-messages.ts";
import { renameModel } from "./model-names.ts";
import type { Complaint } from "./read-complaint.ts";
import type { Tell } from "./rule.ts";
import { type ForcedToolChoice, switchThinkingOff } from "./tool-rules.ts";

/** A request, and the model it is sent to by the host's own name. */
export interface Repaired {
  readonly request: ChatRequest;
  readonly model: string;
}

/** How a request was sent that is to be repaired. */
export interface RepairHow {
  readonly wish: ForcedToolChoice;
  /** Of a provider that prepares requests for DeepSeek anyway: what that does was done, and did not help. */
  readonly prepares: { answerTokens(model: string): AnswerTokens | undefined } | undefined;
  /** Whether what says that there was no thinking is not sent there, so that it cannot help. */
  readonly dropsEmptyThinking: boolean;
  readonly tell: Tell;
}

const PREPARED: ReadonlySet<Complaint["rule"]> = new Set([
  "forced-tool-choice",
  "developer-role",
  "content-null",
  "json-mode",
] as const);

/** The request without what a server complained about; `undefined`: there is nothing to change, or nobody may. */
export function applyRepair(complaint: Complaint, { request, model }: Repaired, how: RepairHow): Repaired | undefined {
  const { prepares, tell } = how;
  const isThinking = complaint.rule === "reasoning";
  const isDone = PREPARED.has(complaint.rule) || (isThinking && wantsThinkingBack(request));
  if ((prepares && isDone) || (isThinking && how.dropsEmptyThinking)) return undefined;
  if (complaint.rule === "model-names") {
    if (model !== complaint.from) return undefined;
    const { from, to } = complaint;
    const renamed = renameModel({ ...request, model: from }, () => {}, to);
    tell("model-names", `${from} is unknown there: ${to} is asked`);
    return { request: { ...renamed, model: request.model }, model: to };
  }
  const repaired = repair(complaint, request, how, prepares?.answerTokens(model));
  return repaired === request ? undefined : { request: repaired, model };
}

function repair(
  complaint: Exclude<Complaint, { readonly rule: "model-names" }>,
  request: ChatRequest,
  { wish, tell }: RepairHow,
  usual: AnswerTokens | undefined,
): ChatRequest {
  switch (complaint.rule) {
    case "reasoning":
      return addThinking(request, tell);
    case "forced-tool-choice":
      return wish === "disable_thinking" ? switchThinkingOff(request, tell) : request;
    case "developer-role":
      return renameDeveloper(request, tell);
    case "content-null":
      return fillContent(request, tell);
    case "json-mode":
      return useJsonMode(request, tell);
    case "max-tokens":
      return lowerMaxTokens(request, tell, complaint.most, usual);
  }
}
