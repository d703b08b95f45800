// The overload study: what a server with eight slots is asked, and what comes of it.
//   npm run bench:overload              on the virtual clock, in memory
//   npm run bench:overload -- --real    a sample in real time, over loopback: some minutes, on a machine that does nothing else
//   npm run bench:overload -- --limits  this client with other values of `limits.windowMs`
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientOptions } from "../../src/index.ts";
import { naive, openai, ours } from "./clients.ts";
import { closedRow, type Outage, openRow, type Row, table } from "./figures.ts";
import { CLIENTS, OPEN_MS, OVERLOAD_MS, runClosed, runOpen } from "./loads.ts";
import { type Plot, renderPlot } from "./plot.ts";
import type { Run } from "./stage.ts";
import type { CreateClient } from "./world.ts";

const OUTAGE: Outage = { fromMs: 10_000, untilMs: 30_000, endMs: 60_000 };
/** What fits into somebody's patience. */
const SHORT_OUTAGE: Outage = { fromMs: 6_000, untilMs: 16_000, endMs: 36_000 };
const IMAGES = join(import.meta.dirname, "../../docs/images");

type Clients = readonly (readonly [name: string, create: CreateClient])[];

/** One after the other: a run in real time has the machine for itself. */
async function inTurn(clients: Clients, run: (create: CreateClient, name: string) => Promise<Run>): Promise<Run[]> {
  const runs: Run[] = [];
  for (const [name, create] of clients) runs.push(await run(create, name));
  return runs;
}

function tell(what: string, rows: readonly Row[]): void {
  console.log(`\n${what}\n\n${table(rows)}`);
}

function draw(file: string, plot: Plot): void {
  mkdirSync(IMAGES, { recursive: true });
  writeFileSync(join(IMAGES, `overload-${file}.svg`), renderPlot(plot));
}

function drawBoth(open: readonly Run[], closed: readonly Run[], outage: Outage): void {
  const overload = { fromMs: 0, untilMs: OVERLOAD_MS, what: "arrivals at 2 x capacity, then at half of it" };
  draw("open", { title: "One process asks too much", runs: open, endMs: OPEN_MS, marked: overload });
  draw("closed", {
    title: `${CLIENTS} separate clients, and an outage`,
    runs: closed,
    endMs: outage.endMs,
    marked: { ...outage, what: "every request gets a 503" },
  });
}

async function compare(clients: Clients, outage: Outage, isReal: boolean): Promise<void> {
  for (const queue of isReal ? [0] : [0, 8]) {
    const how = { isReal, queue, seed: 1 };
    const open = await inTurn(clients, (create, name) => runOpen(create, how, name));
    const where = `${isReal ? "real time" : "virtual clock"}, the server queues ${queue}`;
    tell(
      `Open loop, ${where}`,
      open.map((run) => openRow(run, OVERLOAD_MS)),
    );
    const closed = await inTurn(clients, (create, name) => runClosed(create, outage, how, name));
    tell(
      `Closed loop, ${where}`,
      closed.map((run) => closedRow(run, outage)),
    );
    if (queue === 0 && !isReal) drawBoth(open, closed, outage);
  }
}

async function tryLimits(): Promise<void> {
  const tried = [1_000, 250, 100, 50].map((windowMs): [string, ClientOptions] => [
    `${windowMs} ms`,
    { limits: { windowMs } },
  ]);
  for (const seed of [1, 2, 3]) {
    const clients: Clients = tried.map(([name, options]) => [name, ours(options)]);
    const runs = await inTurn(clients, (create, name) => runOpen(create, { isReal: false, queue: 0, seed }, name));
    tell(
      `limits.windowMs, open loop, no queue, seed ${seed}`,
      runs.map((run) => openRow(run, OVERLOAD_MS)),
    );
  }
}

const all: Clients = [
  ["this client", ours()],
  ["naive retries", naive],
  ["OpenAI SDK", await openai()],
];
if (process.argv.includes("--limits")) await tryLimits();
else if (process.argv.includes("--real")) await compare(all, SHORT_OUTAGE, true);
else await compare(all, OUTAGE, false);
