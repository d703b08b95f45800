// Many calls of every kind through every kind of trouble, in memory and on the virtual clock: each ends as promised, and
// nothing of them stays.
//   npm run soak            SOAK_CALLS=1000 npm run soak            SOAK_SEED=7 npm run soak
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import {
  type ChatStream,
  createResilientClient,
  openaiCompatible,
  type Provider,
  ResilientClientError,
} from "../src/index.ts";
import { createSimulator, createVirtualClock, type Fault, type Simulator, seededRandom } from "../src/testing/index.ts";

const CALLS = Number(process.env["SOAK_CALLS"] ?? 100_000);
const SEED = Number(process.env["SOAK_SEED"] ?? 1);
const AT_ONCE = 50;
/** A simulator keeps every request it was asked: each batch gets new ones. */
const BATCH = 500;
const HEAP_GROWTH = 2 * 1024 * 1024;

const random = seededRandom(SEED);
const upTo = (limit: number) => Math.floor(random() * limit);
const outcomes = new Map<string, number>();
const wrong: string[] = [];
process.on("unhandledRejection", (reason) => wrong.push(`unhandled rejection: ${String(reason)}`));
/** Outlives all calls, as a server's own signal does. */
const lasting = new AbortController();

type World = ReturnType<typeof makeWorld>;

const kinds: readonly (() => Fault)[] = [
  () => ({ kind: "busy" }),
  () => ({ kind: "busy", status: 500 + upTo(5), retryAfterMs: upTo(20_000), form: "seconds" }),
  () => ({ kind: "rate_limited", retryAfterMs: upTo(5_000), form: random() < 0.5 ? "ms" : "date" }),
  () => ({ kind: "queue", forMs: upTo(70_000) }),
  () => ({ kind: "queue", forMs: Number.POSITIVE_INFINITY }),
  () => ({ kind: "cut" }),
  () => ({ kind: "cut", afterBytes: upTo(4_000) }),
  () => ({ kind: "stall", afterTokens: upTo(14) }),
  () => ({ kind: "stall", keepAlives: true }),
  () => ({ kind: "black_hole" }),
  () => ({ kind: "outage" }),
  () => ({ kind: "web_page", status: random() < 0.5 ? 200 : 502 }),
  () => ({ kind: "plain_text", status: random() < 0.5 ? 200 : 504 }),
  () => ({ kind: "insufficient_balance", fromMs: upTo(1e6) }),
  () => ({ kind: "finish" }),
  () => ({ kind: "in_stream_error", as: random() < 0.5 ? "text" : "number", afterFinish: random() < 0.5 }),
  () => ({ kind: "end", done: random() < 0.5 }),
  () => ({ kind: "empty", what: random() < 0.5 ? "newlines" : "reasoning" }),
  () => ({ kind: "malformed", what: random() < 0.5 ? "event" : "bytes" }),
];

function makeWorld() {
  const clock = createVirtualClock();
  const rate = random() * 0.12;
  const simulators = Array.from({ length: 1 + upTo(3) }, () =>
    createSimulator({
      clock,
      seed: 1 + upTo(1e9),
      answerTokens: 12,
      timing: { headersMs: 40, headMs: 300, tokenMs: 25 },
      faults: kinds.map((make) => ({ ...make(), rate: rate * random() * 2 })),
    }),
  );
  const providers = simulators.map((_, index) =>
    openaiCompatible({ name: `p${index}`, baseURL: `https://p${index}.test`, apiKey: "sk-soak", keepAlives: true }),
  );
  const client = createResilientClient({
    clock,
    random,
    // The host's name is made of the index above.
    fetch: (input, init) =>
      (simulators[Number(new URL(String(input)).hostname.slice(1, 2))] as Simulator).fetch(input, init),
    // One for each simulator, and there is at least one.
    providers: providers as [Provider, ...Provider[]],
  });
  return { clock, simulators, client };
}

/** One call of a random kind, aborted or not; says how it ended. */
async function oneCall(world: World): Promise<string> {
  const { clock } = world;
  const controller = random() < 0.3 ? lasting : new AbortController();
  const reason = { why: "the caller's own" };
  const abort = () => controller !== lasting && controller.abort(reason);
  const when = random();
  if (when < 0.03) abort();
  // Before the answer, in it, or long after it.
  const disarm = clock.after(when < 0.25 ? upTo(random() < 0.5 ? 1_500 : 60_000) : Number.POSITIVE_INFINITY, abort);
  try {
    return await pickCall(world, controller.signal, () => random() < 0.02 && abort());
  } catch (error) {
    if (error === reason && controller.signal.aborted) return "aborted, with the caller's reason";
    if (ResilientClientError.isInstance(error)) return error.code;
    return note(`neither a typed error nor the caller's reason: ${String(error)}`);
  } finally {
    disarm();
  }
}

async function pickCall({ client, simulators }: World, signal: AbortSignal, onPiece: () => void): Promise<string> {
  const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
  const options = { signal, wire: random() < 0.5 ? "json" : "stream" } as const;
  const { completions } = client.chat;
  const check = (content: string | null | undefined, what: string) =>
    simulators.some((simulator) => simulator.isWholeAnswer(content ?? ""))
      ? `whole, ${what}`
      : note(`no whole answer (${what}): ${JSON.stringify(content)}`);
  const kind = random();
  if (kind < 0.4) return check((await completions.create(params, options)).choices[0]?.message.content, "plain");
  if (kind < 0.45) {
    completions.stream(params, options);
    return "stream never begun";
  }
  const stream: ChatStream =
    kind < 0.6 ? await completions.create({ ...params, stream: true }, options) : completions.stream(params, options);
  if (kind < 0.48) return "stream opened, dropped unread";
  if (kind < 0.7) return leave(stream);
  let seen = "";
  for await (const text of stream.textStream()) {
    seen += text;
    onPiece();
  }
  return check(seen === (await stream.finalChatCompletion()).choices[0]?.message.content ? seen : "", "streamed");
}

/** Reads a few pieces and goes, or says so with `abort`. */
async function leave(stream: ChatStream): Promise<string> {
  let left = upTo(8);
  for await (const _ of stream) {
    left -= 1;
    if (left <= 0) break;
  }
  stream.abort();
  return "stream left in the middle";
}

function note(what: string): string {
  wrong.push(what);
  return "WRONG";
}

async function runBatch(calls: number): Promise<void> {
  const world = makeWorld();
  let left = calls;
  const worker = async () => {
    while (left-- > 0) {
      const outcome = await oneCall(world);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await world.clock.run(Promise.all(Array.from({ length: AT_ONCE }, worker)));
  for (let tries = 0; tries < 20 && leftOf(world).length > 0; tries++) {
    // Streams that were dropped are ended by the garbage collector; what a server still had to say takes a moment.
    globalThis.gc?.();
    await turn();
    await world.clock.advance(5_000);
  }
  wrong.push(...leftOf(world));
}

function leftOf({ clock, simulators, client }: World): string[] {
  const inFlight = client.health().providers.reduce((sum, provider) => sum + provider.inFlight, 0);
  const served = simulators.reduce((sum, simulator) => sum + simulator.stats.inFlight, 0);
  const left = getEventListeners(lasting.signal, "abort").map(() => "abort listener");
  if (clock.pending > 0) left.push(`timers pending: ${clock.pending}`);
  if (inFlight > 0) left.push(`requests in flight at the client: ${inFlight}`);
  if (served > 0) left.push(`requests in flight at the servers: ${served}`);
  return left;
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

if (!globalThis.gc) throw new Error("Run it with --expose-gc: npm run soak.");
const startedAt = performance.now();
const heap: number[] = [];
for (let done = 0; done < CALLS && wrong.length === 0; done += BATCH) {
  await runBatch(Math.min(BATCH, CALLS - done));
  globalThis.gc();
  heap.push(process.memoryUsage().heapUsed);
}
const quarter = (index: number) => heap.slice((heap.length * index) / 4, (heap.length * (index + 1)) / 4);
const growth = median(quarter(3)) - median(quarter(1));
if (growth > HEAP_GROWTH) wrong.push(`the heap grew by ${growth} bytes from the second quarter to the last`);
if (process.getActiveResourcesInfo().includes("Timeout")) wrong.push("a real timer is pending");

const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
console.log(
  `${total} calls, ${AT_ONCE} at once, seed ${SEED}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
);
for (const [outcome, count] of [...outcomes].sort(([, a], [, b]) => b - a)) {
  console.log(`${outcome.padEnd(36)} ${String(count).padStart(7)}`);
}
const [second, last] = [quarter(1), quarter(3)].map((heaps) => `${(median(heaps) / 1024 / 1024).toFixed(2)} MiB`);
console.log(`heap after gc, median: ${second} in the second quarter, ${last} in the last`);
for (const what of wrong.slice(0, 20)) console.error(`LEFT OR WRONG: ${what}`);
if (wrong.length > 0) process.exitCode = 1;
