import type { Outcome } from "./scenes.ts";
import { seconds } from "./timeline.ts";

const COLUMNS = ["", "scene", "asked", "waited", "first", "total", "tokens", "wasted"] as const;

/** What happened in each scene, as a table of at most 80 columns; in a narrow terminal as one short line each. */
export function summarize(
  rows: readonly { readonly title: string; readonly outcome: Outcome }[],
  width: number,
): string[] {
  const cells = rows.map(({ title, outcome }) => describe(title, outcome));
  const widths = COLUMNS.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => (row[index] ?? "").length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join("  ");
  if (widths.reduce((sum, column) => sum + column + 2, -2) > width) {
    return cells.map(([mark, title, asked, , , total]) => `${mark} ${title}: asked ${asked}, ${total}`.slice(0, width));
  }
  return [line(COLUMNS), ...cells.map(line)];
}

function describe(title: string, { report, isRight }: Outcome): readonly string[] {
  const { attempts, waitedMs, headMs, endedMs, billed } = report;
  const wasted = attempts.filter((attempt) => attempt.wasted).length;
  return [
    isRight ? "✓" : "✗",
    title,
    String(attempts.length),
    seconds(waitedMs),
    seconds(headMs),
    seconds(endedMs),
    // Nobody counted the tokens of an answer that was cut.
    `${attempts.some(({ estimated }) => estimated) ? "~" : ""}${billed.completionTokens || ""}`,
    wasted === 0 ? "-" : String(wasted),
  ];
}
