import type { ChatRequest } from "../chat/chat-request.ts";
import type { Tell } from "../prepare/rule.ts";
import type { ThinkingWords } from "./dialect-options.ts";

/** Efforts in all hosts' words by their rank: DeepSeek's highest is `max`, others call theirs `xhigh`. */
const RANKS: ReadonlyMap<string, number> = new Map([
  ["minimal", 0],
  ["low", 1],
  ["medium", 2],
  ["high", 3],
  ["xhigh", 4],
  ["max", 4],
  ["ultra", 5],
]);

const USUAL_EFFORTS: readonly string[] = ["low", "medium", "high"];

/** Whether, and how much, the model shall think, in the host's words. What it has no words for is left out, and told. */
export function sayThinking(request: ChatRequest, words: ThinkingWords | undefined, tell: Tell): ChatRequest {
  if (!words) return request;
  const { thinking: _, reasoning_effort: given, ...others } = request;
  const wish = wishOf(request);
  if (wish === undefined) return others;
  // Who speaks the host's words already knows what they want.
  if (isSaid(others, words))
    return words.effort === "reasoning_effort" && given != null ? { ...others, reasoning_effort: given } : others;
  if (wish === "none") {
    if (!words.off) tell("host-thinking", "thinking cannot be switched off there: it was not asked for");
    return { ...others, ...words.off };
  }
  const effort = wish === "default" ? undefined : sayEffort(wish, words, tell);
  return { ...others, ...(effort === undefined || words.both ? words.on : {}), ...placed(effort, words) };
}

/** `none`: not at all; `default`: as much as usual; `undefined`: the request does not say. */
function wishOf({ thinking, reasoning_effort: effort }: ChatRequest): string | undefined {
  if (thinking?.type === "disabled") return "none";
  return effort ?? (thinking ? "default" : undefined);
}

function sayEffort(wish: string, words: ThinkingWords, tell: Tell): string | undefined {
  if (!words.effort) {
    tell("host-thinking", "reasoning_effort is not known there: it was left out");
    return undefined;
  }
  const rank = RANKS.get(wish);
  const { efforts = USUAL_EFFORTS } = words;
  if (rank === undefined || efforts.includes(wish)) return wish;
  const distance = (effort: string) => Math.abs((RANKS.get(effort) ?? Number.POSITIVE_INFINITY) - rank);
  const [nearest] = efforts.toSorted((a, b) => distance(a) - distance(b));
  if (nearest === undefined || distance(nearest) > 0)
    tell("host-thinking", `reasoning_effort ${wish} became ${nearest ?? "nothing"}, the nearest that is known there`);
  return nearest;
}

function placed(effort: string | undefined, { effort: field }: ThinkingWords): object {
  if (effort === undefined) return {};
  return field === "reasoning.effort" ? { reasoning: { effort } } : { reasoning_effort: effort };
}

/** Whether the request holds one of the host's own fields. */
function isSaid(others: object, { on, off, effort }: ThinkingWords): boolean {
  const fields = [
    ...Object.keys(on ?? {}),
    ...Object.keys(off ?? {}),
    ...(effort === "reasoning.effort" ? ["reasoning"] : []),
  ];
  return fields.some((field) => field in others);
}
