// The numbers as a table of 80 columns, and as `results.md`.
import { readFileSync } from "node:fs";
import { arch, cpus, release, type } from "node:os";
import { join } from "node:path";
import type { Samples } from "./measure-turns.ts";
import type { Row } from "./rows.ts";

export interface Result {
  readonly row: Row;
  readonly samples: Samples;
}

const CLIENTS = { ours: "ours", openai: "openai", langchain: "LangChain", ai: "ai", ky: "ky" };
const HEADINGS = ["row", "floor", ...Object.values(CLIENTS), "hold", "hard", "met"];
const WIDTHS = [12, 14, 6, 7, 10, 7, 6, 6, 6, 5];
const PACKAGES = [
  "openai",
  "ai",
  "@ai-sdk/deepseek",
  "@langchain/deepseek",
  "@langchain/core",
  "ky",
  "eventsource-parser",
];

const asLine = (cells: readonly string[]) =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(WIDTHS[0] ?? 0) : cell.padStart(WIDTHS[index] ?? 0))).join("");

export const tableHead = (): string => asLine(HEADINGS);
export const tableLine = (result: Result): string => asLine(cellsOf(result));

function cellsOf({ row, samples }: Result): string[] {
  const { told, unit, hold, hard } = row;
  const floor = quantile(samples.get("fetch"), 0.5);
  const tell = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(told === "ratio" ? 2 : 1));
  const value = (client: string) => {
    if (!samples.has(client)) return undefined;
    const median = quantile(samples.get(client), 0.5);
    return told === "ratio" ? median / floor : median - (told === "on top" ? floor : 0);
  };
  return [
    row.name,
    `${threeDigits(floor)} ${unit}`,
    ...Object.keys(CLIENTS).map((client) => tell(value(client))),
    tell(hold),
    tell(hard),
    verdict(value("ours"), hold, hard),
  ];
}

/** Which of the two targets we meet, judged by what is shown. */
function verdict(value = Number.NaN, hold?: number, hard?: number): string {
  if (hold === undefined || hard === undefined) return "-";
  const shown = Number(value.toFixed(2));
  if (shown <= hard) return "hard";
  return shown <= hold ? "hold" : "no";
}

function quantile(values: readonly number[] = [], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at % 1);
}

/** 2.60, 31.7, 1190: never 1.19e+3. */
const threeDigits = (value: number) => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));

/** The whole page. */
export function renderResults(results: readonly Result[], runs: number): string {
  const asRow = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = (columns: number) => asRow(["---", ...Array.from({ length: columns - 1 }, () => "--:")]);
  const [cpu] = cpus();
  return `# Results

Written by \`npm run bench\`. ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${type()} ${release().split("-")[0]}
(${arch()}), ${cpus().length} CPUs (${cpu?.model.trim()}). Medians of ${runs} runs in turns, after warm-up
(\`heap\` of 3, \`size\` of 1: they hardly differ).

The floor is what plain fetch takes. The clients' numbers are multiples of it, except \`size\` (kB, as they are) and
\`heap\` (kB on top of the floor). \`hold\` is what this package must stay under, \`hard\` what it would like to; \`met\` says
which of the two it does.

${[asRow(HEADINGS), rule(HEADINGS.length), ...results.map((result) => asRow(cellsOf(result)))].join("\n")}

${results.map(({ row }) => `- **${row.name}**: ${row.what}.`).join("\n")}

That nothing is left after 100,000 calls, some aborted and some failed, is shown by \`npm run soak\`.

## Versions

${versions()
  .map(([name, version]) => `- ${name} ${version}`)
  .join("\n")}

## As measured

The median, and between which numbers the middle half of the runs lay.

${[asRow(["row", "client", "unit", "median", "middle half"]), rule(5), ...results.flatMap(spreads).map(asRow)].join("\n")}
`;
}

function spreads({ row, samples }: Result): string[][] {
  return [...samples].map(([client, values]) => {
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => threeDigits(quantile(values, share)));
    return [row.name, client, row.unit, median ?? "", `${low} - ${high}`];
  });
}

function versions(): [name: string, version: string][] {
  const read = (folder: string): string =>
    JSON.parse(readFileSync(join(import.meta.dirname, folder, "package.json"), "utf8")).version;
  return [
    ["resilient-deepseek", read("..")],
    ...PACKAGES.map((name): [string, string] => [name, read(`peers/node_modules/${name}`)]),
  ];
}
