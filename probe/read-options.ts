import { parseArgs } from "node:util";
import { checkBaseURL } from "../src/providers/host-options.ts";
import { allProbes } from "./all-probes.ts";
import type { Probe } from "./probe.ts";

export interface RunOptions {
  readonly baseURL: string;
  readonly probes: readonly Probe[];
  readonly isList: boolean;
  readonly isJson: boolean;
  readonly pauseMs: number;
}

export const USAGE = `Usage: npm run probe:live -- [options]
  --list               say what would be asked, and ask nothing
  --only <name,name>   only these
  --json               one line of JSON for each finding
  --base-url <url>     another server than https://api.deepseek.com: your key goes there
  --pause-ms <number>  how long the server gets to build its cache (6000)
Ends with 0 when nothing differs, 1 when something does or the run ended early, 2 when nothing was asked.`;

/** @throws Error with a sentence for whoever typed it. */
export function readOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string" },
      "base-url": { type: "string", default: "https://api.deepseek.com" },
      "pause-ms": { type: "string", default: "6000" },
    },
  });
  const pauseMs = Number(values["pause-ms"]);
  if (!/^\d{1,6}$/.test(values["pause-ms"])) throw new Error("--pause-ms takes a whole number of milliseconds.");
  return {
    baseURL: checkBaseURL("--base-url", values["base-url"], true),
    probes: choose(values.only),
    isList: values.list,
    isJson: values.json,
    pauseMs,
  };
}

function choose(only: string | undefined): readonly Probe[] {
  if (only === undefined) return allProbes.filter(({ isLong }) => !isLong);
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !allProbes.some((probe) => probe.name === name));
  if (unknown.length > 0) throw new Error(`There is no probe called ${unknown.join(", ")}: see --list.`);
  return allProbes.filter(({ name }) => names.includes(name));
}
