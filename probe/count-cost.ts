import { type Answer, countOf, isSuccess, servedBy } from "./answer.ts";
import type { Probe, Question } from "./probe.ts";

interface Prices {
  readonly hit: number;
  readonly miss: number;
  readonly output: number;
}

/** US dollars for a million tokens in the dear hours of the day, as of 2026-11-15: what a run costs at most. */
const PEAK: Readonly<Record<string, Prices>> = {
  "deepseek-flash": { hit: 0.006, miss: 0.3, output: 1.2 },
  "deepseek-v4-flash": { hit: 0.006, miss: 0.3, output: 1.2 },
  "deepseek-v4-flash-vision-exp": { hit: 0.006, miss: 0.3, output: 1.2 },
};
const DEAREST: Prices = { hit: 0.044, miss: 1.32, output: 3.96 };

/** Tokens a server adds to a prompt: its template, its hints for thinking and tools. */
const HIDDEN_TOKENS = 500;
/** Images are counted apart from their bytes. */
const IMAGE_TOKENS = 1_024;

/** The most a question can cost, whatever the server makes of it. */
export function worstCostUsd({ body, leaveAfterEvents, hasWrongKey }: Question): number {
  if (!body || hasWrongKey) return 0;
  const { miss, output } = pricesOf(String(body["model"]));
  const text = JSON.stringify(body);
  const images = text.includes("image_url") ? IMAGE_TOKENS : 0;
  const promptTokens = text.length + HIDDEN_TOKENS + images;
  // A server may be ahead of what was read when the connection closes.
  const answerTokens = leaveAfterEvents === undefined ? Number(body["max_tokens"]) : leaveAfterEvents * 1.2 + 1_000;
  return (promptTokens * miss + answerTokens * output) / 1e6;
}

export function worstCostOf(probes: readonly Pick<Probe, "questions">[]): number {
  return probes.flatMap(({ questions }) => questions).reduce((sum, question) => sum + worstCostUsd(question), 0);
}

/** What a question cost by the server's own count; without a count, the most it can have cost. */
export function costUsd(question: Question, answer: Answer): number {
  if (answer.status !== undefined && !isSuccess(answer)) return 0;
  const completion = countOf(answer, "completion_tokens");
  const prompt = countOf(answer, "prompt_tokens");
  if (completion === undefined || prompt === undefined || answer.isLeft) return worstCostUsd(question);
  const { hit, miss, output } = pricesOf(servedBy(answer), String(question.body?.["model"]));
  const hits = countOf(answer, "prompt_cache_hit_tokens") ?? 0;
  return (hits * hit + (prompt - hits) * miss + completion * output) / 1e6;
}

export function asUsd(amount: number): string {
  return `$${amount.toFixed(4)}`;
}

function pricesOf(...models: readonly string[]): Prices {
  return models.map((model) => PEAK[model]).find((prices) => prices !== undefined) ?? DEAREST;
}
