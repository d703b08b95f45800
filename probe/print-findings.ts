import { NOT_ASKED } from "./all-probes.ts";
import { asUsd, worstCostOf } from "./count-cost.ts";
import type { Probe } from "./probe.ts";
import type { Finding } from "./run-probes.ts";

const MARKS = { holds: "✓ holds", differs: "✗ differs", unknown: "? could not tell" } as const;

/** What is going to be asked, and what it costs at most. */
export function announce(probes: readonly Probe[], baseURL: string, capUsd: number): string {
  const calls = probes.reduce((sum, { questions }) => sum + questions.length, 0);
  return (
    `${probes.length} facts, ${calls} requests to ${new URL(baseURL).host}. At most ${asUsd(worstCostOf(probes))} ` +
    `at the prices of 2026-11-15 in their dear hours; the run stops before it could cost ${asUsd(capUsd)}. Ctrl-C ends it.`
  );
}

export function listProbes(probes: readonly Probe[]): string {
  const lines = probes.map(({ name, fact, questions, isLong }) => {
    const count = questions.length === 1 ? "1 request" : `${questions.length} requests`;
    return `${name} (${count}${isLong ? ", only when named" : ""})\n  ${fact}`;
  });
  return `${lines.join("\n")}\n\nNot asked, because no cheap request can tell:\n${NOT_ASKED.map((open) => `- ${open}`).join("\n")}`;
}

export function listAsJson(probes: readonly Probe[]): string {
  return probes
    .map(({ name, fact, today, where, questions }) =>
      JSON.stringify({ name, fact, today, where, requests: questions.length, maxUsd: worstCostOf([{ questions }]) }),
    )
    .join("\n");
}

export function findingAsText({ probe, judgement }: Finding): string {
  const change = judgement.verdict === "differs" ? judgement.change : undefined;
  const lines = [
    `${MARKS[judgement.verdict]}: ${probe.name}`,
    `  fact    ${probe.fact}`,
    `  today   ${probe.today}`,
    `  where   ${probe.where.join(", ")}`,
    `  seen    ${judgement.seen}`,
    ...(change === undefined ? [] : [`  change  ${change}`]),
  ];
  return `${lines.join("\n")}\n`;
}

export function findingAsJson({ probe, judgement, costUsd }: Finding): string {
  const { name, fact, today, where } = probe;
  return JSON.stringify({ type: "finding", name, ...judgement, fact, today, where, costUsd });
}

/** What it comes to, and what to do next. */
export function summarize(findings: readonly Finding[], asked: number, spentUsd: number): string {
  const named = (verdict: Finding["judgement"]["verdict"]) =>
    findings.filter(({ judgement }) => judgement.verdict === verdict).map(({ probe }) => probe.name);
  const differing = named("differs");
  const open = named("unknown");
  const left = asked - findings.length;
  const lines = [
    `${named("holds").length} hold, ${differing.length} differ, ${open.length} could not be told${left > 0 ? `, ${left} not reached` : ""}. ` +
      `By the tokens that were counted it cost ${asUsd(spentUsd)} at most; your account page has the real sum.`,
    ...(differing.length > 0 ? [`To change: ${differing.join(", ")}.`] : []),
    ...(open.length > 0 ? [`To ask again: npm run probe:live -- --only ${open.join(",")}`] : []),
  ];
  return lines.join("\n");
}
