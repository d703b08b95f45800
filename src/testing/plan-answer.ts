import type { ToolCall } from "../chat/chat-request.ts";
import { composeAnswer, type SimulatedAnswer, splitTokens } from "./compose-answer.ts";
import type { AnswerPlan } from "./deepseek-dialect.ts";
import { isThinking, messagesOf, promptTokens, servedModel, textOf, type WireBody } from "./request-rules.ts";

/** What `SimulatorOptions.answer` may return: the text, or more of the message. */
export type ScriptedAnswer =
  | string
  | { readonly content?: string; readonly reasoning?: string; readonly toolCalls?: readonly ToolCall[] };

export interface Mind {
  /** Every answer thought of so far, whole: a continuation goes on with the one it belongs to. */
  readonly answers: SimulatedAnswer[];
  readonly random: () => number;
  readonly answerTokens: number;
  readonly answer: ((request: WireBody) => ScriptedAnswer) | undefined;
}

/**
 * What the simulated model answers. A fresh request gets a wording of its own; a request that ends with a prefix gets
 * the rest of the wording the prefix belongs to.
 */
export function planAnswer(body: WireBody, mind: Mind, now: number): AnswerPlan {
  const thinks = isThinking(body);
  const last = messagesOf(body).at(-1);
  const prefix = last?.["prefix"]
    ? { content: textOf(last["content"]), reasoning: textOf(last["reasoning_content"]) }
    : undefined;
  const scripted = prefix ? undefined : mind.answer?.(body);
  const toolCalls = typeof scripted === "object" ? (scripted.toolCalls ?? []) : [];
  const whole = (prefix && recall(mind, prefix)) ?? invent(body, mind, thinks, scripted);
  const isKnown = prefix && whole.content.startsWith(prefix.content);
  const rest = isKnown
    ? {
        reasoning: prefix.content ? "" : whole.reasoning.slice(prefix.reasoning.length),
        content: whole.content.slice(prefix.content.length),
      }
    : whole;
  return {
    id: hex(mind.random, 32),
    traceId: hex(mind.random, 32),
    created: Math.floor(now / 1000),
    model: servedModel(body),
    thinks,
    promptTokens: promptTokens(body),
    ...limit(rest, toolCalls, body),
  };
}

/** So many hexadecimal digits. */
export function hex(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
}

function recall({ answers }: Mind, prefix: SimulatedAnswer): SimulatedAnswer | undefined {
  return answers.findLast(
    ({ content, reasoning }) =>
      content.startsWith(prefix.content) && (prefix.content !== "" || reasoning.startsWith(prefix.reasoning)),
  );
}

function invent(body: WireBody, mind: Mind, thinks: boolean, scripted: ScriptedAnswer | undefined): SimulatedAnswer {
  const composed = composeAnswer(Math.floor(mind.random() * 2 ** 32), mind.answerTokens, thinks);
  const wantsJson = (body["response_format"] as { type?: unknown } | undefined)?.type === "json_object";
  const content = wantsJson ? JSON.stringify({ answer: composed.content }) : composed.content;
  const said = typeof scripted === "string" ? { content: scripted } : scripted;
  const answer = {
    reasoning: said?.reasoning ?? composed.reasoning,
    content: said ? (said.content ?? "") : content,
  };
  mind.answers.push(answer);
  return answer;
}

/** Applies `stop` and `max_tokens`, whichever ends the answer first. */
function limit(
  { reasoning, content }: SimulatedAnswer,
  toolCalls: readonly ToolCall[],
  body: WireBody,
): Pick<AnswerPlan, "reasoning" | "content" | "toolCalls" | "finishReason"> {
  const stops = [body["stop"] ?? []].flat().filter((stop): stop is string => typeof stop === "string" && stop !== "");
  const ends = stops.map((stop) => content.indexOf(stop)).filter((position) => position >= 0);
  const stopped = content.slice(0, Math.min(content.length, ...ends));
  const thought = splitTokens(reasoning);
  const said = splitTokens(stopped);
  const most = typeof body["max_tokens"] === "number" ? body["max_tokens"] : Number.POSITIVE_INFINITY;
  if (thought.length + said.length > most) {
    return {
      reasoning: thought.slice(0, most).join(""),
      content: said.slice(0, Math.max(0, most - thought.length)).join(""),
      toolCalls: [],
      finishReason: "length",
    };
  }
  return { reasoning, content: stopped, toolCalls, finishReason: toolCalls.length > 0 ? "tool_calls" : "stop" };
}
