// Asks the real API about every fact this package takes for granted and nobody is sure of; says what to change.
//   npm run probe:live                     needs DEEPSEEK_API_KEY, costs a few cents at most
//   npm run probe:live -- --list           what would be asked
//   npm run probe:live -- --only prefix    --json    --base-url http://127.0.0.1:1234

import { allProbes } from "./all-probes.ts";
import { openWire, RunEnded, type Wire } from "./open-wire.ts";
import { announce, findingAsJson, findingAsText, listAsJson, listProbes, summarize } from "./print-findings.ts";
import { type RunOptions, readOptions, USAGE } from "./read-options.ts";
import { type Finding, runProbes } from "./run-probes.ts";

/** Whatever goes wrong, a run costs no more. */
const CAP_USD = 0.05;

const stop = new AbortController();
const key = process.env["DEEPSEEK_API_KEY"]?.trim() ?? "";
// A reader that goes away (`| head`) ends it too.
process.stdout.on("error", () => process.exit(0));

process.exitCode = await main();

async function main(): Promise<number> {
  let options: RunOptions;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.isList) {
    // Those that are only asked by name belong to the list.
    const listed = process.argv.includes("--only") ? options.probes : allProbes;
    print(options.isJson ? listAsJson(listed) : listProbes(listed));
    return 0;
  }
  if (!key) {
    console.error("Nothing was asked: DEEPSEEK_API_KEY is not set. --list says what would be asked, without a key.");
    return 2;
  }
  return probe(options);
}

async function probe({ probes, baseURL, pauseMs, isJson }: RunOptions): Promise<number> {
  // The first signal ends the run in order, a second one at once.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  console.error(`${announce(probes, baseURL, CAP_USD)}\n`);
  const wire = openWire({ baseURL, key, capUsd: CAP_USD, pauseMs, signal: stop.signal });
  const findings: Finding[] = [];
  let code = 0;
  try {
    for await (const finding of runProbes(probes, wire)) {
      findings.push(finding);
      print(isJson ? findingAsJson(finding) : findingAsText(finding));
    }
    code = findings.some(({ judgement }) => judgement.verdict === "differs") ? 1 : 0;
  } catch (error) {
    code = explainEnd(error);
  }
  if (isJson) print(JSON.stringify(countFindings(findings, probes.length, wire)));
  else print(summarize(findings, probes.length, wire.spentUsd));
  return code;
}

/** Why a run ended before its time, and the code it ends with. */
function explainEnd(error: unknown): number {
  if (stop.signal.aborted) {
    console.error("Stopped.");
    return stop.signal.reason === "SIGTERM" ? 143 : 130;
  }
  if (!(error instanceof RunEnded)) throw error;
  console.error(`The run ends here. ${error.message}`);
  return 1;
}

function countFindings({ length }: readonly Finding[], asked: number, { spentUsd, answers }: Wire): object {
  return { type: "summary", findings: length, notReached: asked - length, requests: answers.length, spentUsd };
}

/** What servers said was masked when it came; this is for what nobody thought of. */
function print(text: string): void {
  console.log(key ? text.replaceAll(key, "***") : text);
}
