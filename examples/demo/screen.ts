import type { Health } from "resilient-deepseek";
import type { Simulator } from "resilient-deepseek/testing";
import { type Activity, type Line, seconds } from "./timeline.ts";

/** What is going on right now: one thing of one call, or the health of a client that has many. */
interface Now {
  readonly activity: Activity | undefined;
  readonly servers: readonly Simulator[];
  readonly health?: Health | undefined;
}

/** Where the demo is shown. Lines stay; in a terminal the activity below them moves. */
export interface Screen {
  heading(text: string): void;
  text(text: string): void;
  line(line: Line): void;
  /** What is going on right now; drawn again and again until the next line. */
  activity(read: () => Now): void;
  /** Takes the activity away and gives the cursor back. */
  rest(): void;
}

type Paint = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
const CODES: Readonly<Record<Paint, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const MARKS: Readonly<Record<Line["mark"], readonly [string, Paint]>> = {
  ok: ["✓", "green"],
  failed: ["✗", "red"],
  waiting: ["…", "yellow"],
  note: ["·", "dim"],
};
const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const WHO_WIDTH = 9;
const INDENT = WHO_WIDTH + 5;

export function createScreen(out: NodeJS.WriteStream): Screen {
  const isLive = out.isTTY === true;
  const hasColor = isLive && !process.env["NO_COLOR"];
  const paint = (style: Paint, text: string) => (hasColor ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text);
  // A terminal that calls itself dumb, or a pipe, keeps every line as it is.
  const width = () => (isLive ? Math.max(20, out.columns ?? 80) : Number.POSITIVE_INFINITY);
  let timer: ReturnType<typeof setInterval> | undefined;
  const erase = () => {
    if (isLive) out.write("\r\u001b[2K");
  };
  const paragraph = (text: string, style: Paint) =>
    wrap(text, width())
      .map((row) => paint(style, row))
      .join("\n");
  const put = (text: string) => {
    erase();
    out.write(`${text}\n`);
  };
  return {
    heading: (text) => put(`\n${paragraph(text, "bold")}`),
    text: (text) => put(paragraph(text, "dim")),
    line({ who, mark, what }) {
      const [sign, style] = MARKS[mark];
      const [first = "", ...others] = wrap(what, width() - INDENT);
      put(`  ${paint("cyan", who.padEnd(WHO_WIDTH))} ${paint(style, sign)} ${first}`);
      for (const row of others) put(" ".repeat(INDENT) + row);
    },
    activity(read) {
      if (!isLive) return;
      clearInterval(timer);
      out.write("\u001b[?25l");
      let frame = 0;
      timer = setInterval(() => {
        const { activity, servers, health } = read();
        erase();
        frame += 1;
        const panel = health && describeHealth(health);
        if (!activity && !panel) return;
        const sign = SPINNER[frame % SPINNER.length] ?? "";
        const text = panel ?? (activity ? describe(activity, servers, Date.now()) : "");
        const what = shorten(text, width() - INDENT - 1);
        const who = panel ? "health()" : (activity?.who ?? "");
        out.write(`  ${paint("cyan", who.padEnd(WHO_WIDTH))} ${paint("yellow", sign)} ${what}`);
      }, 80);
    },
    rest() {
      clearInterval(timer);
      erase();
      if (isLive) out.write("\u001b[?25h");
    },
  };
}

function describe({ doing, since, forMs = 0 }: Activity, servers: readonly Simulator[], now: number): string {
  const elapsed = seconds(Math.max(0, now - since));
  switch (doing) {
    case "asking":
      return `asked, no answer yet  ${elapsed}`;
    case "queued":
      return `in the server's queue  ${elapsed}`;
    case "waiting":
      return `${seconds(Math.max(0, since + forMs - now))} to go`;
    case "answering": {
      const tokens =
        servers.flatMap(({ requests }) => requests).findLast(({ outcome }) => outcome === "open")?.tokens ?? 0;
      return `${"▪".repeat(Math.ceil(tokens / 3))} ${tokens} tokens  ${elapsed}`;
    }
  }
}

function describeHealth({ providers, retryBudget }: Health): string | undefined {
  const [model] = providers.flatMap(({ models }) => models);
  if (!model) return undefined;
  const { inFlight, limit = 0, waiting, circuit } = model;
  const slots = "▪".repeat(inFlight) + "·".repeat(Math.max(0, limit - inFlight));
  const retries = retryBudget ? `, ${retryBudget.retries} retries` : "";
  return `${slots} ${inFlight} of ${limit} at once, ${waiting} wait, circuit ${circuit}${retries}`;
}

function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}

function wrap(text: string, width: number): string[] {
  const rows: string[] = [];
  for (const word of text.split(" ")) {
    const last = rows.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(word);
  }
  return rows;
}
