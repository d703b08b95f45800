// A DeepSeek client that gets its answers from a server that keeps saying "busy". No key needed.
//   npm run demo              a live timeline
//   npm run demo -- --json    every event as a line of JSON
//   npm run demo -- --live    one question to the real API, with DEEPSEEK_API_KEY
import type { ClientEvent, ResilientClient } from "resilient-deepseek";
import type { Simulator } from "resilient-deepseek/testing";
import { askTheRealApi } from "./live.ts";
import { type Outcome, SCALE, type Scene, type Stage, scenes } from "./scenes.ts";
import { createScreen, type Screen } from "./screen.ts";
import { summarize } from "./summary.ts";
import { createTimeline } from "./timeline.ts";

const options = new Set(process.argv.slice(2));
const unknown = [...options].find((option) => option !== "--json" && option !== "--live");
const stop = new AbortController();
const screen = createScreen(process.stdout);

// The first signal ends the demo in order and gives the cursor back, a second one ends it at once.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
// A reader that goes away (`| head`) ends it too.
process.stdout.on("error", () => process.exit(0));

if (unknown) {
  console.error(`Unknown option ${unknown}. Known are --json and --live.`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = options.has("--live")
      ? await askTheRealApi(screen, stop.signal)
      : await playAll(options.has("--json"));
  } catch (error) {
    screen.rest();
    if (!stop.signal.aborted) throw error;
    console.error("\nStopped.");
    process.exitCode = stop.signal.reason === "SIGTERM" ? 143 : 130;
  }
}

async function playAll(isJson: boolean): Promise<number> {
  const rows: { title: string; outcome: Outcome }[] = [];
  if (!isJson) {
    screen.heading('resilient-deepseek against a DeepSeek that keeps saying "busy"');
    screen.text(
      `Real HTTP to a simulated server on this machine. Times are scaled down: ${SCALE} s in life are 1 s here.`,
    );
  }
  for (const [index, scene] of scenes.entries()) {
    const outcome = await (isJson
      ? playAsJson(scene)
      : playOnScreen(scene, `${index + 1}/${scenes.length}  ${scene.title}`));
    rows.push({ title: scene.title, outcome });
  }
  const isRight = rows.every(({ outcome }) => outcome.isRight);
  if (!isJson) {
    screen.heading(isRight ? "Every answer was what it must be." : "Not every answer was what it must be.");
    const width = process.stdout.isTTY ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    console.log(summarize(rows, width).join("\n"));
    screen.text("tokens: ~ with an estimate, for what was cut before the server counted; wasted: answers not used");
  }
  return isRight ? 0 : 1;
}

async function playOnScreen(scene: Scene, heading: string): Promise<Outcome> {
  screen.heading(heading);
  screen.text(scene.story);
  const timeline = createTimeline();
  let servers: readonly Simulator[] = [];
  let crowd: ResilientClient | undefined;
  screen.activity(() => ({ activity: timeline.activity, servers, health: crowd?.health() }));
  const onEvent = (event: ClientEvent) => showLines(screen, timeline.add(event));
  const outcome = await scene.run({
    signal: stop.signal,
    onEvent,
    onServers: (next) => (servers = next),
    onCrowd: (client) => (crowd = client),
  } satisfies Stage);
  screen.rest();
  screen.line({ who: "=", mark: outcome.isRight ? "ok" : "failed", what: outcome.verdict });
  return outcome;
}

async function playAsJson(scene: Scene): Promise<Outcome> {
  const print = (line: object) => console.log(JSON.stringify({ scene: scene.title, ...line }));
  const outcome = await scene.run({ signal: stop.signal, onEvent: print, onServers: () => {}, onCrowd: () => {} });
  print({ type: "scene-end", isRight: outcome.isRight, verdict: outcome.verdict });
  return outcome;
}

function showLines(on: Screen, lines: ReturnType<ReturnType<typeof createTimeline>["add"]>): void {
  for (const line of lines) on.line(line);
}
