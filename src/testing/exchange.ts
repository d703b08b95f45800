import type { Clock } from "../async/clock.ts";
import { sleep } from "../async/sleep.ts";

/** `tokens`: how many of the answer it brings. */
export interface WriteStep {
  readonly type: "write";
  readonly bytes: Uint8Array;
  readonly tokens: number;
}

/** One step of what a server does with a request. */
export type Step =
  | { readonly type: "wait"; readonly ms: number }
  | WriteStep
  /** Repeats `bytes` for so long. */
  | { readonly type: "keep-alive"; readonly bytes: Uint8Array; readonly everyMs: number; readonly forMs: number }
  /** Repeats `bytes` until its turn comes, but for no longer than `forMs`. */
  | {
      readonly type: "queue";
      readonly bytes: Uint8Array;
      readonly everyMs: number;
      readonly forMs: number;
      readonly turn: Promise<void>;
    }
  /** The connection breaks. */
  | { readonly type: "cut" }
  /** The connection is closed in order, with the answer unsaid. */
  | { readonly type: "close" }
  /** Nothing more happens, ever. */
  | { readonly type: "hang" };

/** What a server answers, before and after its status line. */
export interface Exchange {
  /** Before the status line: waiting, hanging, refusing. */
  readonly before: readonly Step[];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Step[];
}

/** Where an exchange is played: a socket or a stream in memory. */
export interface Stage {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  write(bytes: Uint8Array): void;
  end(): void;
  /** The connection breaks. */
  cut(): void;
}

/** How it ended: all was sent, the server broke it off, or the client left. @inline */
export type Played = "finished" | "cut" | "left";

/** Plays an exchange in its own time. `signal` aborts when the client leaves. */
export async function playExchange(
  exchange: Exchange,
  stage: Stage,
  clock: Clock,
  signal: AbortSignal,
  onTokens: (tokens: number) => void,
): Promise<Played> {
  try {
    if ((await playAll(exchange.before)) === "cut") return "cut";
    signal.throwIfAborted();
    stage.head(exchange.status, exchange.headers);
    if ((await playAll(exchange.body)) === "cut") return "cut";
    signal.throwIfAborted();
    stage.end();
    return "finished";
  } catch (error) {
    if (signal.aborted) return "left";
    throw error;
  }

  async function playAll(steps: readonly Step[]): Promise<"cut" | "done"> {
    for (const step of steps) {
      signal.throwIfAborted();
      if (step.type === "cut" || step.type === "close") {
        if (step.type === "cut") stage.cut();
        else stage.end();
        return "cut";
      }
      if (step.type === "queue") {
        if (!(await playQueue(step, stage, clock, signal))) {
          stage.end();
          return "cut";
        }
      } else await play(step);
    }
    return "done";
  }

  async function play(step: Exclude<Step, { type: "cut" | "close" | "queue" }>): Promise<void> {
    switch (step.type) {
      case "wait":
        return sleep(clock, step.ms, signal);
      case "hang":
        return untilLeft(signal);
      case "write":
        onTokens(step.tokens);
        return stage.write(step.bytes);
      case "keep-alive":
        for (let leftMs = step.forMs; leftMs > 0; leftMs -= step.everyMs) {
          if (step.bytes.length > 0) stage.write(step.bytes);
          await sleep(clock, Math.min(leftMs, step.everyMs), signal);
        }
    }
  }
}

/** Whether its turn has come. */
async function playQueue(
  { bytes, everyMs, forMs, turn }: Step & { type: "queue" },
  stage: Stage,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  let hasTurn = false;
  const wait = new AbortController();
  const onTurn = () => {
    hasTurn = true;
    wait.abort();
  };
  turn.then(onTurn, () => {});
  const onLeft = () => wait.abort();
  signal.addEventListener("abort", onLeft, { once: true });
  for (let leftMs = forMs; leftMs > 0 && !wait.signal.aborted; leftMs -= everyMs) {
    if (bytes.length > 0) stage.write(bytes);
    await sleep(clock, Math.min(leftMs, everyMs), wait.signal).catch(() => {});
  }
  signal.removeEventListener("abort", onLeft);
  signal.throwIfAborted();
  return hasTurn;
}

function untilLeft(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Bytes of a text, and how many tokens of the answer they bring. */
export function writeStep(text: string, tokens = 0): WriteStep {
  return { type: "write", bytes: new TextEncoder().encode(text), tokens };
}

/** The steps up to a place in the answer (inside a character, if it falls there), then `ending`. */
export function breakOff(
  steps: readonly Step[],
  place: { readonly afterTokens?: number | undefined; readonly afterBytes?: number | undefined },
  ending: readonly Step[],
): Step[] {
  let tokensLeft = place.afterTokens ?? Number.POSITIVE_INFINITY;
  let bytesLeft = place.afterBytes ?? Number.POSITIVE_INFINITY;
  const kept: Step[] = [];
  for (const step of steps) {
    if (tokensLeft <= 0 || bytesLeft <= 0) break;
    if (step.type === "write") {
      kept.push(step.bytes.length <= bytesLeft ? step : part(step, bytesLeft));
      tokensLeft -= step.tokens;
      bytesLeft -= step.bytes.length;
    } else kept.push(step);
  }
  return [...kept, ...ending];
}

/** The first bytes of a write, and the share of its tokens that are in them. */
function part(step: WriteStep, bytes: number): WriteStep {
  return { ...step, bytes: step.bytes.slice(0, bytes), tokens: Math.floor((step.tokens * bytes) / step.bytes.length) };
}
