// What fitting a conversation costs: medians of fresh conversations, and growth from 1,000 to 100,000 messages.
//   npm run bench:context
// To see where the time goes: node --expose-gc --cpu-prof bench/context.ts
import type { ChatMessage } from "../src/chat/chat-request.ts";
import { fitContext } from "../src/context/fit-context.ts";
import type { FitOptions } from "../src/context/fit-options.ts";

const RUNS = 31;

/** A turn of an agent: a question, a call, its result, an answer. Texts differ in length, and every third turn is Chinese. */
function turnOf(index: number): ChatMessage[] {
  const sentence = index % 3 === 0 ? "服务器繁忙，请稍后再试。" : "The quick brown fox jumps over the lazy dog. ";
  const words = (count: number) => `${index} ${sentence.repeat(count)}`;
  const id = `call_${index}`;
  const call = {
    id,
    type: "function",
    function: { name: "read_file", arguments: `{"path":"src/${index}.ts"}` },
  } as const;
  return [
    { role: "user", content: words(3 + (index % 5)) },
    { role: "assistant", content: "", reasoning_content: words(4), tool_calls: [call] },
    { role: "tool", tool_call_id: id, content: words(10 + (index % 20)) },
    { role: "assistant", content: words(2 + (index % 9)), reasoning_content: words(3) },
  ];
}

/** New objects with new texts, of which nothing is known yet; it ends with a question. */
function conversationOf(length: number): ChatMessage[] {
  const messages: ChatMessage[] = [{ role: "system", content: "You are a patient assistant. ".repeat(20) }];
  for (let index = 0; messages.length < length; index += 1) messages.push(...turnOf(index));
  messages.splice(length - 1, messages.length, { role: "user", content: "And now?" });
  // As it comes out of a store: whole texts, not pieces that are put together when they are first read.
  return JSON.parse(JSON.stringify(messages)) as ChatMessage[];
}

const request: FitOptions["request"] = {
  tools: [{ type: "function", function: { name: "read_file", parameters: { type: "object" } } }],
};

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const sorted = (times: readonly number[]) => times.toSorted((a, b) => a - b);
const median = (times: readonly number[]) => sorted(times)[Math.floor(times.length / 2)] ?? Number.NaN;

/** Milliseconds: the first time, and after one more turn. */
function measure(length: number, budgetTokens: number, runs: number) {
  const [fresh, grown]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run += 1) {
    const messages = conversationOf(length);
    // What making the conversation left behind is not the cost of fitting it.
    globalThis.gc?.();
    fresh.push(timed(() => fitContext(messages, { budgetTokens, request })));
    const longer = [...messages, ...turnOf(length).slice(3), ...turnOf(length + 1).slice(0, 1)];
    grown.push(timed(() => fitContext(longer, { budgetTokens, request })));
  }
  return { fresh, grown };
}

const show = (times: readonly number[]) => {
  const [fastest = 0, slowest = 0] = [sorted(times)[0], sorted(times).at(-1)];
  return `${median(times).toFixed(2).padStart(8)} ms (${fastest.toFixed(2)} to ${slowest.toFixed(2)})`;
};

const MESSAGES = 10_000;
const { tokensBefore } = fitContext(conversationOf(MESSAGES), { budgetTokens: 400_000, request });
console.log(`Node ${process.version}, medians of ${RUNS} runs; ${MESSAGES} messages, about ${tokensBefore} tokens`);
for (const budgetTokens of [64_000, 400_000, 950_000]) {
  measure(MESSAGES, budgetTokens, 5);
  const { fresh, grown } = measure(MESSAGES, budgetTokens, RUNS);
  const budget = `${budgetTokens / 1_000}k`.padStart(5);
  console.log(`budget ${budget}: from nothing ${show(fresh)}, after one more turn ${show(grown)}`);
}

console.log("growth, budget 64k:");
let before = 0;
for (let length = 1_000; length <= 128_000; length *= 2) {
  const count = Math.min(length, 100_000);
  const { fresh, grown } = measure(count, 64_000, length > 16_000 ? 7 : RUNS);
  const ratio = before ? `  x ${(median(fresh) / before).toFixed(2)}` : "";
  console.log(`${String(count).padStart(7)} messages: ${show(fresh)}, one more turn ${show(grown)}${ratio}`);
  before = median(fresh);
}
