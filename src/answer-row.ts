import { describeError, type Emit, type KeptTokens, type Mutable } from "./attempt-log.ts";
import type { ResilientClientError } from "./errors.ts";
import type { AttemptReport, SeamReport, TokenCounts } from "./report.ts";

/** Which attempts an answer is made of, and what becomes of the others. */
export interface AnswerRow {
  readonly seams: readonly SeamReport[];
  /** It goes on: what was delivered of it was kept. */
  seam(seam: SeamReport): void;
  /** What the parts before the running one cost: the first prompt, and all output. */
  kept(): KeptTokens;
  /** What was complete but for its length goes on, with as many tokens again. */
  lengthen(): void;
  /** How many tokens of `max_tokens` the answer has used up by now, about. */
  spent(): number;
  /**
   * It started again, so that what was generated before is wasted. What the consumer had been given of it was `kept`, is
   * `discarded`, or was `unseen`.
   */
  restart(delivered: "kept" | "discarded" | "unseen"): void;
  /** Its last part came to its end, but the answer as a whole is none: that attempt has failed after all. */
  spoil(error: ResilientClientError): void;
}

export const NO_TOKENS: TokenCounts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };

export function createAnswerRow(
  attempts: readonly Mutable<AttemptReport>[],
  failures: Map<string, ResilientClientError>,
  emit: Emit,
): AnswerRow {
  const seams: SeamReport[] = [];
  /** The first attempt that the answer is made of, and the first of those that share one `max_tokens`. */
  let begunAt = 0;
  let partAt = 0;
  /** The attempt whose answer is being read. */
  const running = () => attempts.findLast(({ outcome }) => outcome === "pending" || outcome === "succeeded");
  /** Those that generated something before it. */
  const before = (since: number) => {
    const until = running()?.index ?? attempts.length;
    return attempts.filter(({ index, headMs }) => index >= since && index < until && headMs !== undefined);
  };
  return {
    seams,
    seam(seam) {
      seams.push(seam);
      // A new start that said the same has paid for it again.
      if (seam.how === "restart") partAt = begunAt;
      else for (const attempt of before(begunAt)) attempt.wasted = false;
    },
    kept() {
      const parts = before(begunAt).filter(({ wasted }) => !wasted);
      const all = parts.reduce((sum, { tokens }) => addTokens(sum, tokens), NO_TOKENS);
      const first = parts[0]?.tokens?.promptTokens ?? 0;
      return { ...all, promptTokens: first, isPromptCounted: parts[0]?.tokens !== undefined && !parts[0].estimated };
    },
    restart(delivered) {
      for (const attempt of before(0)) attempt.wasted = true;
      begunAt = running()?.index ?? 0;
      if (delivered !== "kept") {
        partAt = begunAt;
        seams.length = 0;
      }
      if (delivered === "discarded") emit({ type: "reset" });
    },
    lengthen() {
      partAt = running()?.index ?? 0;
    },
    spent: () => attempts.slice(partAt).reduce((sum, { tokens }) => sum + (tokens?.completionTokens ?? 0), 0),
    spoil(error) {
      const last = running();
      if (!last) return;
      Object.assign(last, { outcome: "interrupted", wasted: true, error: describeError(error) });
      failures.set(last.provider, error);
    },
  };
}

export function addTokens(sum: TokenCounts, more: TokenCounts | undefined): TokenCounts {
  if (!more) return sum;
  return {
    promptTokens: sum.promptTokens + more.promptTokens,
    cachedTokens: sum.cachedTokens + more.cachedTokens,
    completionTokens: sum.completionTokens + more.completionTokens,
    reasoningTokens: sum.reasoningTokens + more.reasoningTokens,
  };
}
