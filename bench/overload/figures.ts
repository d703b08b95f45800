// What a run comes to.
import type { Run } from "./stage.ts";
import { CAPACITY } from "./world.ts";

/** A row of a table; the keys are its head. */
export type Row = Readonly<Record<string, string>>;

/** When things change in a closed loop; milliseconds since its beginning. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly endMs: number;
}

/** Right answers that came in a time, as a share of what the server can do. */
export function goodput({ calls }: Run, fromMs: number, untilMs: number): number {
  const right = calls.filter(({ result, endMs }) => result === "right" && endMs > fromMs && endMs <= untilMs);
  return ((right.length / (untilMs - fromMs)) * 1_000) / CAPACITY;
}

/** Requests a second that the server got in a time. */
export function requestRate({ requests }: Run, fromMs: number, untilMs: number): number {
  return (requests.filter(({ atMs }) => atMs > fromMs && atMs <= untilMs).length / (untilMs - fromMs)) * 1_000;
}

const countRight = ({ calls }: Run) => calls.filter(({ result }) => result === "right").length;

/** Of a call, however it ended; and of one that was answered. A client that gives up has many cheap calls. */
const requestColumns = (run: Run): Row => ({
  "requests a call": (run.requests.length / run.calls.length).toFixed(2),
  "requests a right answer": (run.requests.length / countRight(run)).toFixed(2),
});

const quantile = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const seconds = (ms: number) => (ms === Number.POSITIVE_INFINITY ? "never" : `${(ms / 1_000).toFixed(1)} s`);

/** Of an open loop whose overload ends at `overMs`. */
export function openRow(run: Run, overMs: number): Row {
  const { name, calls } = run;
  const right = calls.filter(({ result }) => result === "right");
  const later = calls.filter(({ startMs }) => startMs > overMs);
  const times = right.map(({ startMs, endMs }) => endMs - startMs);
  return {
    client: name,
    "goodput under overload": percent(goodput(run, 0, overMs)),
    ...requestColumns(run),
    "right, of all calls": percent(right.length / calls.length),
    "right, of those begun after it": percent(later.filter(({ result }) => result === "right").length / later.length),
    "time to the answer, median": seconds(quantile(times, 0.5)),
    "99 %": seconds(quantile(times, 0.99)),
    "last call over": seconds(Math.max(...calls.map(({ endMs }) => endMs))),
  };
}

const WINDOW_MS = 2_000;

/** How long after the outage two seconds begin that bring 95 % of what came before it. */
export function recoveryMs(run: Run, { fromMs, untilMs, endMs }: Outage): number {
  const before = goodput(run, WINDOW_MS, fromMs);
  for (let at = untilMs; at + WINDOW_MS <= endMs; at += 100) {
    if (goodput(run, at, at + WINDOW_MS) >= 0.95 * before) return at - untilMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** Of a closed loop with an outage in it. */
export function closedRow(run: Run, outage: Outage): Row {
  const { fromMs, untilMs, endMs } = outage;
  const { name, calls } = run;
  const back = new Map<number, number>();
  for (const { client, result, endMs: at } of calls)
    if (result === "right" && at > untilMs) back.set(client, Math.min(at, back.get(client) ?? at));
  const backMs = [...back.values()].map((at) => at - untilMs);
  return {
    client: name,
    "goodput before": percent(goodput(run, WINDOW_MS, fromMs)),
    after: percent(goodput(run, endMs - (endMs - untilMs) / 2, endMs)),
    recovered: seconds(recoveryMs(run, outage)),
    "half of the clients back": seconds(quantile(backMs, 0.5)),
    "95 %": seconds(quantile(backMs, 0.95)),
    ...requestColumns(run),
    "requests a second, in the outage": requestRate(run, fromMs, untilMs).toFixed(0),
    "right, of all calls": percent(countRight(run) / calls.length),
  };
}

/** As Markdown. */
export function table(rows: readonly Row[]): string {
  const heads = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(heads.map((_, index) => (index === 0 ? "---" : "--:")));
  return [line(heads), rule, ...rows.map((row) => line(heads.map((head) => row[head] ?? "")))].join("\n");
}
