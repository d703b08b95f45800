// One client in a process of its own: holds many streams open in the middle of their answers, and says what is on the heap.
import { setImmediate as turn } from "node:timers/promises";
import { answerPieces } from "./answers.ts";
import { ANSWER_PIECES, type Ask, OPEN_PIECES, type Ways } from "./client.ts";

const STREAMS = 1_000;
/** So that what is loaded, compiled or pooled once is there before. */
const CALLS_BEFORE = 200;

const [name = "", baseURL = ""] = process.argv.slice(2);
const { chunks } = (await import(new URL(`peers/${name}.ts`, import.meta.url).href)) as Ways;

process.on("message", () => {
  heapOfStream().then(
    (heap) => process.send?.({ heap }),
    (error: unknown) => process.send?.({ error: String(error instanceof Error ? error.stack : error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ ready: true });

async function heapOfStream(): Promise<number> {
  const small = chunks(`${baseURL}/small`);
  const smallText = answerPieces(ANSWER_PIECES.small).join("");
  for (let call = 0; call < CALLS_BEFORE; call++) await textArrives(small, smallText);
  const open = chunks(`${baseURL}/open`);
  const openText = answerPieces(ANSWER_PIECES.paced).slice(0, OPEN_PIECES).join("");
  const before = await heapInUse();
  await Promise.all(Array.from({ length: STREAMS }, () => textArrives(open, openText)));
  return ((await heapInUse()) - before) / STREAMS;
}

/** Asks, and resolves when `text` has come, be the stream over or not. */
function textArrives(ask: Ask, text: string): Promise<void> {
  let received = "";
  return new Promise((resolve, reject) => {
    ask((part) => {
      received += String(part);
      if (received === text) resolve();
    }).then(() => reject(new Error(`another text than was sent: ${received}`)), reject);
  });
}

async function heapInUse(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}
