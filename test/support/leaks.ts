import { expect } from "vitest";
import { forgetListeners, openListeners } from "./abort-listeners.ts";
import { forgetMade, made } from "./watched.ts";

// Loaded once in a process; `watch-leaks.ts` looks at each test of each file.

/** What a test can leave behind. */
export type Leak = "timer" | "resource" | "listener" | "virtual timer" | "slot" | "rejection";

/** What is open without anybody's fault, by its name in `process.getActiveResourcesInfo()`. */
const EXEMPT: readonly string[] = [
  // Of the event loop itself: it is gone with the next turn.
  "Immediate",
  // stdio and the channel to vitest, which it opens and closes as it likes.
  "PipeWrap",
];
const exempt = new Set<string>(EXEMPT);

/** msw answers on a socket of its own, which `fetch` keeps for the next request; msw closes it with the server. */
export const MSW_SOCKETS = "msw's own sockets";

/** A closed socket takes a moment to be gone, and so does the listener of a cancelled body. */
const GRACE_MS = 1_500;
/** The same on virtual clocks: what the server still had to say after its last word was read. */
const VIRTUAL_GRACE_MS = 5_000;

// Kept from the start: a test may put fake timers in their place.
const nextTurn = setImmediate;
const now = performance.now.bind(performance);

let before: Record<string, number> = {};
const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);
process.on("unhandledRejection", onRejection);

const cleanups: (() => Promise<void> | void)[] = [];
const expected = new Map<Leak, string>();

/** Has something closed when the test ends, before the look at what it left open. */
export function cleanUp(close: () => Promise<void> | void): void {
  cleanups.push(close);
}

/** This test leaves something behind on purpose; it fails when it does not. */
export function leaves(leak: Leak, reason: string): void {
  expected.set(leak, reason);
}

/** What somebody else opens in this file's tests, and closes as he likes, by its name in `process.getActiveResourcesInfo()`. */
export function exemptResource(name: string, _reason: string): void {
  exempt.add(name);
}

/** A file begins: what others were exempted from is nothing to it. */
export function beginFile(): void {
  exempt.clear();
  for (const name of EXEMPT) exempt.add(name);
}

/** What was left behind since `watch`, after a moment of grace. */
export async function leftBehind({ graceMs = GRACE_MS } = {}): Promise<{ leak: Leak; what: string }[]> {
  const until = now() + graceMs;
  for (const clock of made.clocks) if (clock.pending > 0) await clock.advance(VIRTUAL_GRACE_MS);
  let left: { leak: Leak; what: string }[];
  do {
    // An unhandled rejection is known a turn later, too.
    await new Promise<void>((resolve) => nextTurn(resolve));
    left = [...openResources(), ...openElsewhere()];
  } while (left.some(({ leak }) => !expected.has(leak)) && now() < until);
  return [...left, ...rejections.map((reason) => ({ leak: "rejection" as const, what: String(reason) }))];
}

/** From now on is looked at; what was open before is forgotten. */
export function watch(): void {
  forgetMade();
  forgetListeners();
  rejections.length = 0;
  before = countOpen();
}

/** A test ends: what it opened is closed, or it fails. */
export async function judge(): Promise<void> {
  for (const close of cleanups.splice(0)) await close();
  const left = await leftBehind();
  const allowed = new Map(expected);
  expected.clear();
  expect(
    left.filter(({ leak }) => !allowed.has(leak)),
    "left behind by this test",
  ).toEqual([]);
  const stale = [...allowed.keys()].filter((leak) => !left.some((found) => found.leak === leak));
  expect(stale, "said to be left behind, and was not").toEqual([]);
}

function openElsewhere(): { leak: Leak; what: string }[] {
  const listeners = openListeners().map((what) => ({ leak: "listener" as const, what }));
  const clocks = made.clocks
    .filter(({ pending }) => pending > 0)
    .map(({ pending }) => ({ leak: "virtual timer" as const, what: `${pending} on one clock` }));
  const slots = made.states
    .map((state) => state.health())
    .filter(({ inFlight }) => inFlight !== 0)
    .map(({ provider, inFlight }) => ({ leak: "slot" as const, what: `${inFlight} of ${provider}` }));
  return [...listeners, ...clocks, ...slots];
}

function openResources(): { leak: Leak; what: string }[] {
  return Object.entries(countOpen())
    .filter(([kind, count]) => count > (before[kind] ?? 0))
    .map(([what]) => ({ leak: what === "Timeout" ? "timer" : "resource", what }));
}

function countOpen(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (!exempt.has(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
