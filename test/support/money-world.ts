import { expect } from "vitest";
import type { AttemptReport, ClientUsage, Report } from "../../src/index.ts";
import { toPicodollars } from "../../src/money/price.ts";

/** A host that answers every request at once with one JSON body and this usage. */
export function fetchWithUsage(usage: object): typeof globalThis.fetch {
  return async () => {
    const message = { role: "assistant", content: "four" };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    return Response.json({ id: "x", object: "chat.completion", created: 1, model: "m", choices, usage });
  };
}

/** What attempts cost, added up by other means than the client's: in whole picodollars. */
export function addUp(attempts: readonly AttemptReport[]) {
  const ended = attempts.filter(({ outcome }) => outcome !== "pending");
  const known = ended.filter(({ costUsd }) => costUsd !== undefined);
  const sum = (isWasted: boolean) =>
    known
      .filter(({ wasted }) => wasted === isWasted)
      .reduce((total, { costUsd = 0 }) => total + BigInt(toPicodollars(costUsd)), 0n);
  const isGuess = ({ estimated, costUsd, headMs }: AttemptReport) =>
    costUsd === undefined ? headMs !== undefined : estimated;
  return {
    attempts: ended.length,
    tokens: {
      promptTokens: ended.reduce((total, { tokens }) => total + (tokens?.promptTokens ?? 0), 0),
      cachedTokens: ended.reduce((total, { tokens }) => total + (tokens?.cachedTokens ?? 0), 0),
      completionTokens: ended.reduce((total, { tokens }) => total + (tokens?.completionTokens ?? 0), 0),
      reasoningTokens: ended.reduce((total, { tokens }) => total + (tokens?.reasoningTokens ?? 0), 0),
    },
    ...(known.length > 0 && {
      costUsd: {
        useful: Number(sum(false)) / 1e12,
        wasted: Number(sum(true)) / 1e12,
        estimated: ended.some(isGuess),
      },
    }),
  };
}

/** The client's totals are the sum of these reports: in all, and model by model. */
export function expectUsage(usage: ClientUsage, reports: readonly Report[]): void {
  const attempts = reports.flatMap((report) => report.attempts);
  expect(usage.total).toEqual({ calls: reports.length, ...addUp(attempts) });
  const named = usage.models.map(({ provider, model }) => `${provider} ${model}`);
  expect(new Set(named)).toEqual(new Set(attempts.map(({ provider, model }) => `${provider} ${model}`)));
  for (const { provider, model, ...totals } of usage.models)
    expect(totals).toEqual(addUp(attempts.filter((each) => each.provider === provider && each.model === model)));
}
