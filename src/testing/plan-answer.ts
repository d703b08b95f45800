import type { ToolCall } from "../chat/chat-request.ts";
import { type AnswerPlan, firstTokens, outputTokens } from "./answer-plan.ts";
import { composeAnswer, type SimulatedAnswer } from "./compose-answer.ts";
import { deepseekDialect } from "./deepseek-dialect.ts";
import type { Dialect } from "./dialect.ts";
import { messagesOf, promptTokens, type RawBody, servedModel, textOf } from "./request-rules.ts";
import type { WireBody } from "./wire-body.ts";

/** What `SimulatorOptions.answer` may return: the text, or more of the message. */
export type ScriptedAnswer =
  | string
  | { readonly content?: string; readonly reasoning?: string; readonly toolCalls?: readonly ToolCall[] };

export interface Mind {
  /** Every answer thought of so far, whole: a continuation goes on with the one it belongs to. */
  readonly answers: SimulatedAnswer[];
  /** Every gap it filled: one that is asked for again with the beginning of its text is gone on with. */
  readonly gaps?: { readonly prompt: string; readonly suffix: unknown; readonly text: string }[] | undefined;
  /** Where wordings come from. */
  readonly random: () => number;
  /** Where ids come from: apart, so that a refused request changes no later wording. */
  readonly ids: () => number;
  readonly answerTokens: number;
  readonly answer: ((request: WireBody) => ScriptedAnswer) | undefined;
}

/**
 * What the simulated model answers. A fresh request gets a wording of its own; a request that ends with a prefix gets
 * the rest of the wording the prefix belongs to.
 */
export function planAnswer(
  body: RawBody,
  mind: Mind,
  now: number,
  dialect: Pick<Dialect, "thinks" | "prefills" | "isStrict"> = deepseekDialect,
): Omit<AnswerPlan, "traceId"> {
  const thinks = dialect.thinks(body);
  const prefix = prefixOf(body, dialect);
  const { toolCalls, ...said } = prefix
    ? { ...goOn(prefix, mind, thinks), toolCalls: [] }
    : beginAnswer(body, mind, thinks);
  return {
    id: uuid(mind.ids),
    created: Math.floor(now / 1000),
    model: dialect.isStrict ? servedModel(body) : String(body["model"]),
    thinks,
    promptTokens: promptTokens(body),
    ...limit(said, toolCalls, body),
  };
}

/** So many hexadecimal digits. */
export function hex(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
}

function uuid(random: () => number): string {
  const variant = "89ab"[Math.floor(random() * 4)];
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-${variant}${hex(random, 3)}-${hex(random, 12)}`;
}

type Beginning = SimulatedAnswer & { readonly toolCalls: readonly ToolCall[] };

function beginAnswer(body: RawBody, mind: Mind, thinks: boolean): Beginning {
  const composed = compose(mind, thinks);
  const scripted = mind.answer?.(body as WireBody); // The rules have passed it.
  if (mind.answer && typeof scripted !== "string") checkScripted(scripted);
  const {
    content,
    reasoning = composed.reasoning,
    toolCalls = [],
  } = typeof scripted === "string" ? { content: scripted } : (scripted ?? {});
  const wantsJson = (body["response_format"] as { type?: unknown } | undefined)?.type === "json_object";
  const invented = wantsJson ? JSON.stringify({ answer: composed.content }) : composed.content;
  const answer = { reasoning: thinks ? reasoning : "", content: scripted === undefined ? invented : (content ?? "") };
  mind.answers.push(answer);
  return { ...answer, toolCalls };
}

function checkScripted(scripted: unknown): void {
  const { content, reasoning, toolCalls, ...others } = (scripted ?? {}) as Record<string, unknown>;
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  const isSound = isText(content) && isText(reasoning) && (toolCalls === undefined || Array.isArray(toolCalls));
  const isPlain = typeof scripted === "object" && scripted !== null && !("then" in scripted);
  if (isPlain && isSound && Object.keys(others).length === 0) return;
  throw new TypeError("it must return a string or { content, reasoning, toolCalls }, and no promise");
}

/** What the answer is to go on with; an empty prefix belongs to no answer. */
function prefixOf(body: RawBody, dialect: Pick<Dialect, "prefills" | "isStrict">): SimulatedAnswer | undefined {
  const last = messagesOf(body).at(-1);
  const goesOn = dialect.isStrict ? last?.["prefix"] : dialect.prefills && last?.["role"] === "assistant";
  if (!goesOn || !last) return undefined;
  const content = textOf(last["content"]);
  const reasoning = textOf(last["reasoning_content"] ?? last["reasoning"]);
  return content + reasoning === "" ? undefined : { content, reasoning };
}

/** The rest of the answer a prefix belongs to. A prefix of somebody's own becomes the beginning of a new one. */
function goOn(prefix: SimulatedAnswer, mind: Mind, thinks: boolean): SimulatedAnswer {
  const whole = recall(mind, prefix) ?? extend(prefix, mind, thinks);
  return {
    // Once there is text, the thinking is over.
    reasoning: prefix.content ? "" : whole.reasoning.slice(prefix.reasoning.length),
    content: whole.content.slice(prefix.content.length),
  };
}

function recall({ answers }: Mind, prefix: SimulatedAnswer): SimulatedAnswer | undefined {
  const fitting = answers.filter(({ content }) => content.startsWith(prefix.content));
  const alike = fitting.findLast(({ reasoning }) => reasoning.startsWith(prefix.reasoning));
  // Thinking of another answer tells nothing once there is text; without text it is all there is to go by.
  return alike ?? (prefix.content ? fitting.at(-1) : undefined);
}

function extend(prefix: SimulatedAnswer, mind: Mind, thinks: boolean): SimulatedAnswer {
  const composed = compose(mind, thinks && !prefix.content);
  const answer = { reasoning: prefix.reasoning + composed.reasoning, content: prefix.content + composed.content };
  mind.answers.push(answer);
  return answer;
}

function compose(mind: Mind, thinks: boolean): SimulatedAnswer {
  return composeAnswer(Math.floor(mind.random() * 2 ** 32), mind.answerTokens, thinks);
}

/** Applies `stop` and `max_tokens`, whichever ends the answer first. */
function limit(
  { reasoning, content }: SimulatedAnswer,
  toolCalls: readonly ToolCall[],
  body: RawBody,
): Pick<AnswerPlan, "reasoning" | "content" | "toolCalls" | "finishReason"> {
  const stops = [body["stop"] ?? []].flat().filter((stop): stop is string => typeof stop === "string" && stop !== "");
  const ends = stops.map((stop) => content.indexOf(stop)).filter((position) => position >= 0);
  const stopped = content.slice(0, Math.min(content.length, ...ends));
  const calls = ends.length > 0 ? [] : toolCalls;
  const most = typeof body["max_tokens"] === "number" ? body["max_tokens"] : Number.POSITIVE_INFINITY;
  const whole = { reasoning, content: stopped, toolCalls: calls };
  if (outputTokens(whole) <= most) return { ...whole, finishReason: calls.length > 0 ? "tool_calls" : "stop" };
  return { ...firstTokens(whole, most), finishReason: "length" };
}
