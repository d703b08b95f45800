// This client beside its peers and beside plain fetch.
//   npm run bench                          every row; writes bench/results.md
//   npm run bench -- stream small          only these rows
//   npm run bench -- --runs 5              fewer repetitions, for a first look (20 or more for numbers to keep)
import { parseArgs } from "node:util";
import { startChild } from "./child.ts";
import { type Row, rows } from "./rows.ts";

const { values, positionals } = parseArgs({ options: { runs: { type: "string" } }, allowPositionals: true });
const runs = Number(values.runs ?? 25);
const chosen = positionals.length > 0 ? positionals.map(rowNamed) : rows;

const { child: server, first } = await startChild("server.ts", []);
const baseURL = `http://127.0.0.1:${first.port}`;
for (const row of chosen) {
  const samples = await row.measure({ server, baseURL, runs });
  const m = (v: number[]) => v.toSorted((a, b) => a - b)[v.length >> 1] ?? Number.NaN;
  const floor = m(samples.get("fetch") ?? []);
  console.log(
    row.name,
    [...samples].map(([n, v]) => `${n} ${m(v).toFixed(2)} ${(m(v) / floor).toFixed(2)}`).join("  "),
  );
}
await server.end();

function rowNamed(name: string): Row {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`There is no row "${name}": ${rows.map((each) => each.name).join(", ")}.`);
  return row;
}
