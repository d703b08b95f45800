// How the server is asked: at a rate that does not care how it goes, or by clients that each wait for their answer.
import { type Ask, rightAnswer, type World } from "./world.ts";

/** One call, as its caller saw it; milliseconds since the run began. */
export interface CallRecord {
  readonly client: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly result: "right" | "wrong" | "failed";
  readonly why?: string;
}

/** So many arrivals a second for so long. */
export interface Phase {
  readonly perSecond: number;
  readonly forMs: number;
}

type Place = Pick<World, "clock" | "random">;

/** One client, and calls that come at random (exponential gaps) at the rate of each phase. Ends with the last call. */
export async function openLoop({ clock, random }: Place, ask: Ask, phases: readonly Phase[]): Promise<CallRecord[]> {
  const startedAt = clock.now();
  const record = recorder(clock, startedAt);
  const calls: Promise<CallRecord>[] = [];
  let phaseEnd = 0;
  let atMs = 0;
  for (const { perSecond, forMs } of phases) {
    // The first arrival of a phase is drawn anew: nothing of the past counts for a random process without memory.
    atMs = phaseEnd;
    phaseEnd += forMs;
    for (;;) {
      atMs += gap(1_000 / perSecond, random);
      if (atMs >= phaseEnd) break;
      await until(clock, startedAt + atMs);
      calls.push(record(0, calls.length, ask));
    }
  }
  return Promise.all(calls);
}

export interface ClosedLoop {
  /** A random time between an answer and the next question, on average. */
  readonly thinkMs: number;
  readonly forMs: number;
}

/** Clients that ask, wait for what comes, think and ask again, each for itself. No call begins after `forMs`. */
export async function closedLoop(
  { clock, random }: Place,
  asks: readonly Ask[],
  { thinkMs, forMs }: ClosedLoop,
): Promise<CallRecord[]> {
  const startedAt = clock.now();
  const record = recorder(clock, startedAt);
  const calls: CallRecord[] = [];
  let asked = 0;
  const live = async (ask: Ask, client: number) => {
    for (;;) {
      await until(clock, clock.now() + gap(thinkMs, random));
      if (clock.now() - startedAt >= forMs) return;
      asked += 1;
      calls.push(await record(client, asked, ask));
    }
  };
  await Promise.all(asks.map(live));
  return calls;
}

function recorder(clock: Place["clock"], startedAt: number) {
  return async (client: number, number: number, ask: Ask): Promise<CallRecord> => {
    const question = `question ${number} of client ${client}`;
    const startMs = clock.now() - startedAt;
    const end = (result: CallRecord["result"]) => ({ client, startMs, endMs: clock.now() - startedAt, result });
    try {
      return end((await ask(question)) === rightAnswer(question) ? "right" : "wrong");
    } catch (error) {
      return { ...end("failed"), why: String(error) };
    }
  };
}

const gap = (meanMs: number, random: () => number) => -Math.log(1 - random()) * meanMs;

function until(clock: Place["clock"], at: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(at - clock.now(), resolve);
  });
}
