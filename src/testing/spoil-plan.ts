import { type AnswerPlan, firstTokens, outputTokens } from "./answer-plan.ts";
import type { Trouble } from "./faults.ts";
import type { RawBody } from "./request-rules.ts";

/** Another answer than the one the model thought of: what is wrong with it shows in any wire and any dialect. */
export function spoilPlan(
  plan: AnswerPlan,
  trouble: Trouble | undefined,
  body: RawBody,
  chance: () => number,
): AnswerPlan {
  switch (trouble?.kind) {
    case "finish":
      return stopAt(plan, trouble.reason ?? "insufficient_system_resource", placeOf(plan, trouble.afterTokens, chance));
    case "content_filter":
      return stopAt(plan, "content_filter", trouble.afterTokens ?? 0);
    case "end":
      return stopAt(plan, null, placeOf(plan, trouble.afterTokens, chance));
    case "empty":
      return emptied(plan, trouble.what ?? "nothing");
    case "loop":
      return looping(plan, trouble.what ?? "text", trouble.afterTokens ?? 20, body);
    case "malformed":
      return malformed(plan, trouble.what ?? "tool_call", body);
    default:
      return plan;
  }
}

/** A token of the answer, from the first one on, unless it is said. */
export function placeOf(plan: AnswerPlan, afterTokens: number | undefined, chance: () => number): number {
  return afterTokens ?? 1 + Math.floor(chance() * Math.max(0, outputTokens(plan) - 1));
}

function stopAt(plan: AnswerPlan, finishReason: string | null, tokens: number): AnswerPlan {
  return { ...plan, ...firstTokens(plan, tokens), finishReason };
}

function emptied(plan: AnswerPlan, what: "nothing" | "whitespace" | "reasoning" | "newlines"): AnswerPlan {
  const empty = { ...plan, reasoning: "", content: "", toolCalls: [], finishReason: "stop" };
  if (what === "whitespace") return { ...empty, content: " \n\n  \n" };
  // The text that should have been the answer sits in the thinking, as was reported.
  if (what === "reasoning") return { ...empty, thinks: true, reasoning: plan.reasoning + plan.content };
  return empty;
}

/** More than that nobody waits for. */
const LOOP_TOKENS = 4_000;

function looping(
  plan: AnswerPlan,
  what: "text" | "reasoning" | "blanks",
  afterTokens: number,
  { max_tokens: given }: RawBody,
): AnswerPlan {
  const most = Math.min(typeof given === "number" ? given : Number.POSITIVE_INFINITY, afterTokens + LOOP_TOKENS);
  const endless = (what === "blanks" ? "\n  \t" : " and again, and so on,").repeat(most);
  const thought = what === "reasoning" ? firstTokens({ ...plan, content: "" }, afterTokens).reasoning : plan.reasoning;
  const said = firstTokens({ ...plan, reasoning: "" }, afterTokens).content;
  const whole =
    what === "reasoning"
      ? { reasoning: thought + endless, content: "" }
      : { reasoning: thought, content: said + endless };
  const looped = firstTokens({ ...whole, toolCalls: [] }, most);
  return { ...plan, ...looped, thinks: plan.thinks || what === "reasoning", finishReason: "length" };
}

function malformed(plan: AnswerPlan, what: "tool_call" | "markup" | "event" | "bytes", body: RawBody): AnswerPlan {
  if (what === "event" || what === "bytes") return plan;
  const { tools } = body as { tools?: readonly { function?: { name?: unknown } }[] };
  const asked = Array.isArray(tools) ? tools[0]?.function?.name : undefined;
  const name = plan.toolCalls[0]?.function.name ?? String(asked ?? "lookup");
  if (what === "markup") {
    const content =
      `<｜DSML｜function_calls>\n<｜DSML｜invoke name="${name}">\n` +
      '<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>';
    return { ...plan, content, toolCalls: [], finishReason: "stop" };
  }
  const call = { id: "call_00_simulated", type: "function" as const, function: { name, arguments: '{"city": "Par' } };
  return { ...plan, content: "", toolCalls: [call], finishReason: "tool_calls" };
}
