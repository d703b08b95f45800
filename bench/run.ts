// This client beside its peers and beside plain fetch: `npm run bench`. It installs the peers, builds `dist` and measures
// that, through its public API and with its defaults.
//
//   npm run bench                       every row; prints a table and writes bench/results.md
//   npm run bench -- stream small       these rows only (their names: rows.ts); writes nothing
//   npm run bench -- --runs 5           fewer runs, for a first look; fewer than 20 prove little
//
// CPU time, never wall time; medians of runs in turns; ratios within one run. Everybody asks the same server, which has a
// process of its own, for the same answers; a client that got another text, or asked twice, ends the run. Why each client
// has its own process stands in measure-turns.ts. `small` gets its whole answer in one read: a real server takes its time,
// and a client that streams then pays for its reads, which `paced` shows.
//
// Without npm, once the peers are installed: npx tsup --silent --no-dts && node bench/run.ts stream
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startChild } from "./child.ts";
import { type Result, renderResults, tableHead, tableLine } from "./render-results.ts";
import { type Row, rows } from "./rows.ts";

const { values, positionals } = parseArgs({ options: { runs: { type: "string" } }, allowPositionals: true });
const runs = Number(values.runs ?? 25);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a whole number from 1, not "${values.runs}".`);
const chosen = positionals.length > 0 ? positionals.map(rowNamed) : rows;

const { child: server, first } = await startChild("server.ts", []);
const results: Result[] = [];
try {
  console.log(tableHead());
  for (const row of chosen) {
    const samples = await row.measure({ server, baseURL: `http://127.0.0.1:${first.port}`, runs });
    results.push({ row, samples });
    console.log(tableLine({ row, samples }));
  }
} finally {
  await server.end();
}
if (chosen === rows) writeFileSync(join(import.meta.dirname, "results.md"), renderResults(results, runs));

function rowNamed(name: string): Row {
  const row = rows.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`There is no row "${name}". There are: ${rows.map((each) => each.name).join(", ")}.`);
  return row;
}
