import type { ChatRequest } from "../chat/chat-request.ts";
import { type Fields, isFields } from "../parse-json.ts";
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
    if (!words.off) tell("host-thinking", "thinking cannot be switched off there: that is left to the model");
    return withFields(others, words.off);
  }
  // Who can be told not to think, thinks otherwise.
  if (wish === "default" && !words.on && !words.off)
    tell("host-thinking", "thinking cannot be switched on there: that is left to the model");
  const effort = wish === "default" ? undefined : sayEffort(wish, words, tell);
  const asked = withFields(others, placed(effort, words));
  return effort === undefined || words.both ? withFields(asked, words.on) : asked;
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

function placed(effort: string | undefined, { effort: field }: ThinkingWords): Fields {
  if (effort === undefined) return {};
  return field === "reasoning.effort" ? { reasoning: { effort } } : { reasoning_effort: effort };
}

/** Beside what there is, in the same object too: templates take more settings than this one. What there is, stays. */
function withFields(request: ChatRequest, said: Fields = {}): ChatRequest {
  const own = request as unknown as Fields;
  const fields = Object.entries(said).map(([name, value]) => {
    const given = Object.hasOwn(own, name) ? own[name] : value;
    return [name, isFields(value) && isFields(given) ? { ...value, ...given } : given];
  });
  return { ...request, ...Object.fromEntries(fields) };
}

/** OpenRouter's two ways to say how much. */
const NESTED_EFFORT: Fields = { reasoning: { effort: "", max_tokens: 0 } };

/** Whether the request says itself what the host's own fields would say. */
function isSaid(others: object, { on = {}, off = {}, effort }: ThinkingWords): boolean {
  const own = others as Fields;
  const isGiven = ([name, value]: readonly [string, unknown]) => {
    const given = own[name];
    if (!Object.hasOwn(own, name) || !isFields(given) || !isFields(value)) return Object.hasOwn(own, name);
    return Object.keys(value).some((key) => Object.hasOwn(given, key));
  };
  return [on, off, effort === "reasoning.effort" ? NESTED_EFFORT : {}].flatMap(Object.entries).some(isGiven);
}
