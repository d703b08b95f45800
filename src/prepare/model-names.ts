import type { ChatRequest } from "../chat/chat-request.ts";
import { CURRENT_MODEL, STILL_SERVED, SWITCHED_OFF } from "./retired-models.ts";
import type { Tell } from "./rule.ts";

/** Whether it is the name of a model of DeepSeek's that has another one now. */
export function isRetired(model: string): boolean {
  return SWITCHED_OFF.has(model) || STILL_SERVED.has(model);
}

/** The request under the model's name of now, thinking as the old name promised. Names that are still served stay, and are told. */
export function renameModel(request: ChatRequest, tell: Tell, current = CURRENT_MODEL): ChatRequest {
  const { model, thinking, reasoning_effort: effort } = request;
  const type = SWITCHED_OFF.get(model);
  if (!type) {
    if (STILL_SERVED.has(model)) tell("model-names", `${model} is a retired name, served as ${CURRENT_MODEL}`);
    return request;
  }
  const isSaid = (thinking ?? effort ?? undefined) !== undefined;
  tell("model-names", `${model} was switched off: ${current} is asked${isSaid ? "" : `, thinking ${type}`}`);
  return { ...request, model: current, ...(!isSaid && { thinking: { type } }) };
}
