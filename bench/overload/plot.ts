// Goodput and requests over time, as an SVG that can be read on a light and on a dark page.
import { goodput, requestRate } from "./figures.ts";
import type { Run } from "./stage.ts";
import { CAPACITY } from "./world.ts";

export interface Plot {
  readonly title: string;
  readonly runs: readonly Run[];
  readonly endMs: number;
  /** A time that is shaded, and what it is. */
  readonly marked: { readonly fromMs: number; readonly untilMs: number; readonly what: string };
}

const [WIDTH, LEFT, TOP, PANEL, GAP] = [760, 56, 46, 130, 52];
const INNER = WIDTH - LEFT - 20;
const HEIGHT = TOP + 2 * PANEL + GAP + 36;
const BIN_MS = 500;
/** Middle tones, which both backgrounds bear, and strokes that differ for those who see no colours. */
const LINES = [
  ["#1f83e0", ""],
  ["#d9622b", "6 3"],
  ["#7a9a2e", "2 3"],
] as const;

const STYLE = `text{font:12px system-ui,sans-serif;fill:#57606a}.title{font-size:14px;font-weight:600}
.grid{stroke:#8b949e;stroke-opacity:.3}.marked{fill:#8b949e;fill-opacity:.15}.line{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){text{fill:#b1bac4}}`;

export function renderPlot({ title, runs, endMs, marked }: Plot): string {
  const x = (ms: number) => LEFT + (ms / endMs) * INNER;
  const second = TOP + PANEL + GAP;
  const rates = runs.map((run) => binned(endMs, (from, until) => requestRate(run, from, until)));
  const most = Math.ceil(Math.max(CAPACITY, ...rates.flat()) / 200) * 200;
  const shares = runs.map((run) => binned(endMs, (from, until) => goodput(run, from, until)));
  const height = 2 * PANEL + GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
<title>${title}</title>
<style>${STYLE}</style>
<text class="title" x="${LEFT}" y="16">${title}</text>
${legend(runs)}
<rect class="marked" x="${x(marked.fromMs)}" y="${TOP}" width="${x(marked.untilMs) - x(marked.fromMs)}" height="${height}"/>
<text x="${x(marked.fromMs) + 4}" y="${TOP + PANEL + GAP / 2 + 4}">${marked.what}</text>
${panel(
  "right answers, % of capacity",
  TOP,
  100,
  shares.map((line) => line.map((share) => share * 100)),
  x,
)}
${panel("requests a second", second, most, rates, x)}
${ticks(endMs)
  .map((s) => `<text x="${x(s * 1_000)}" y="${second + PANEL + 18}" text-anchor="middle">${s} s</text>`)
  .join("\n")}
</svg>
`;
}

const ticks = (endMs: number) => Array.from({ length: Math.floor(endMs / 5_000) + 1 }, (_, index) => index * 5);

function binned(endMs: number, measure: (fromMs: number, untilMs: number) => number): number[] {
  return Array.from({ length: Math.floor(endMs / BIN_MS) }, (_, bin) => measure(bin * BIN_MS, (bin + 1) * BIN_MS));
}

function legend(runs: readonly Run[]): string {
  return runs
    .map(({ name }, index) => {
      const [colour, dashes] = LINES[index] ?? LINES[0];
      const at = LEFT + index * 190;
      return `<path class="line" stroke="${colour}" stroke-dasharray="${dashes}" d="M${at} 31h28"/><text x="${at + 34}" y="35">${name}</text>`;
    })
    .join("\n");
}

/** A panel with its scale; what lies above `most` is drawn at its top. */
function panel(
  what: string,
  top: number,
  most: number,
  lines: readonly (readonly number[])[],
  x: (ms: number) => number,
): string {
  const y = (value: number) => top + PANEL * (1 - Math.min(value, most) / most);
  const grid = [0, 0.5, 1].map((share) => {
    const at = y(most * share);
    return `<path class="grid" d="M${LEFT} ${at}h${INNER}"/><text x="${LEFT - 8}" y="${at + 4}" text-anchor="end">${most * share}</text>`;
  });
  const drawn = lines.map((values, index) => {
    const [colour, dashes] = LINES[index] ?? LINES[0];
    const points = values.map((value, bin) => `${x((bin + 0.5) * BIN_MS).toFixed(1)} ${y(value).toFixed(1)}`);
    return `<path class="line" stroke="${colour}" stroke-dasharray="${dashes}" d="M${points.join("L")}"/>`;
  });
  const name = `<text x="${LEFT + INNER}" y="${top - 6}" text-anchor="end">${what}</text>`;
  return [...grid, name, ...drawn].join("\n");
}
