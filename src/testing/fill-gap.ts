import type { AnswerPlan } from "./answer-plan.ts";
import { splitTokens } from "./compose-answer.ts";
import { cannotDeserialize, invalidRequest, type SimulatedError } from "./deepseek-errors.ts";
import { type Dialect, eventStep, type Json } from "./dialect.ts";
import { type Mind, planAnswer } from "./plan-answer.ts";
import { checkBasics, type RawBody, type RuleContext } from "./request-rules.ts";

// Fill-in-the-middle: POST /beta/completions. No answer of it was ever recorded: made as documented, in the manner of chat.

/** The longest text for a gap, as documented. */
const MAX_TOKENS = 4096;

/** A gap as the model reads it: a question like any other, without thinking. */
function asChat(body: RawBody): RawBody {
  return { ...body, thinking: { type: "disabled" }, messages: [{ role: "user", content: body["prompt"] }] };
}

/** A fresh gap gets a wording of its own; one whose text has begun gets the rest of the wording. */
export function planGap(body: RawBody, mind: Mind, now: number, dialect: Dialect): Omit<AnswerPlan, "traceId"> {
  const { gaps = [] } = mind;
  const { suffix } = body;
  const prompt = String(body["prompt"]); // The rules have passed it.
  const how = { ...dialect, thinks: () => false, isStrict: true };
  const begun = gaps.findLast((gap) => {
    const isLonger = prompt.length > gap.prompt.length && prompt.startsWith(gap.prompt);
    return gap.suffix === suffix && isLonger && gap.text.startsWith(prompt.slice(gap.prompt.length));
  });
  if (begun) {
    const chat = asChat(body);
    const prefix = { role: "assistant", prefix: true, content: prompt.slice(begun.prompt.length) };
    const messages = [{ role: "user", content: begun.prompt }, prefix];
    const own = { ...mind, answers: [{ reasoning: "", content: begun.text }] };
    return planAnswer({ ...chat, messages }, own, now, how);
  }
  const plan = planAnswer(asChat(body), mind, now, how);
  gaps.push({ prompt, suffix, text: mind.answers.at(-1)?.content ?? "" });
  return plan;
}

/** What the API refuses, as far as it is documented. */
export function checkGap(body: RawBody, context: RuleContext): SimulatedError | undefined {
  const { prompt, suffix, echo, logprobs, max_tokens: most, stream } = body;
  if (typeof prompt !== "string") return cannotDeserialize("missing field `prompt` at line 1 column 2");
  if (suffix != null && typeof suffix !== "string") return cannotDeserialize("suffix: invalid type, expected a string");
  const wrong = checkBasics(asChat(body), context);
  if (wrong) return wrong;
  if (echo && (suffix ?? logprobs) != null) return invalidRequest("echo is not supported with suffix or logprobs");
  if (typeof most === "number" && (most < 1 || most > MAX_TOKENS)) {
    return invalidRequest(`Invalid max_tokens value, the valid range of max_tokens is [1, ${MAX_TOKENS}]`);
  }
  if (typeof logprobs === "number" && (logprobs < 0 || logprobs > 20)) {
    return invalidRequest("Invalid logprobs value, the valid range of logprobs is [0, 20]");
  }
  return body["stream_options"] && !stream
    ? invalidRequest("stream_options should be set along with stream = true")
    : undefined;
}

/** How a host says it: the same answers, told as text. */
export function tellAsText(dialect: Dialect): Dialect {
  return {
    ...dialect,
    events: (plan, includeUsage) => [
      ...splitTokens(plan.content).map((text) => eventStep(said(plan, text, null, includeUsage), 1)),
      eventStep({ ...said(plan, "", plan.finishReason, false), ...(includeUsage && usageOf(plan)) }),
    ],
    completion: (plan) => ({ ...said(plan, plan.content, plan.finishReason, false), ...usageOf(plan) }),
  };
}

function said(plan: AnswerPlan, text: string, finishReason: string | null, includeUsage: boolean): Json {
  return {
    id: plan.id,
    object: "text_completion",
    created: plan.created,
    model: plan.model,
    choices: [{ index: 0, text, logprobs: null, finish_reason: finishReason }],
    ...(includeUsage && { usage: null }),
  };
}

function usageOf({ promptTokens, content }: AnswerPlan): Json {
  const completionTokens = splitTokens(content).length;
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  return { usage };
}
