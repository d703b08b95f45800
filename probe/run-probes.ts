import type { Answer } from "./answer.ts";
import { whyUnknown } from "./judge-answers.ts";
import type { Wire } from "./open-wire.ts";
import { type Judgement, type Probe, unknown } from "./probe.ts";

/** What a probe found. */
export interface Finding {
  readonly probe: Probe;
  readonly judgement: Judgement;
  /** What it cost by the server's own counts. */
  readonly costUsd: number;
}

/** Asks one probe after the other, so that they do not take each other's place. Errors of the wire end it. */
export async function* runProbes(probes: readonly Probe[], wire: Wire): AsyncGenerator<Finding, void, undefined> {
  for (const probe of probes) {
    const before = wire.spentUsd;
    const answers: Answer[] = [];
    // An answer that proves nothing makes the others worthless, too.
    for (const question of probe.questions) {
      answers.push(await wire.ask(question));
      if (!probe.looksBack && whyUnknown(answers) !== undefined) break;
    }
    yield { probe, judgement: judgeAnswers(probe, answers, wire.answers), costUsd: wire.spentUsd - before };
  }
}

/** `own`: the answers to its questions; `all`: those of the whole run. */
export function judgeAnswers({ judge, looksBack }: Probe, own: readonly Answer[], all: readonly Answer[]): Judgement {
  if (looksBack) return judge(all);
  const why = whyUnknown(own);
  return why === undefined ? judge(own) : unknown(why);
}
