// Fills in code at the cursor of an editor; whoever types on is not kept.
//   npm run example fill-in-the-middle
import { setTimeout as sleep } from "node:timers/promises";
import { createResilientClient } from "resilient-deepseek";

const client = createResilientClient({ timeouts: { startMs: 5_000 } }); // nobody waits longer at a cursor
let typing = new AbortController();

/** Called at each pause of the keyboard. `undefined`: the user typed on. */
async function fillIn(before: string, after: string, show: (text: string) => void): Promise<string | undefined> {
  typing.abort();
  typing = new AbortController();
  const { signal } = typing;
  const gap = { model: "deepseek-flash", prompt: before, suffix: after, max_tokens: 256 };
  let filled = "";
  try {
    for await (const text of client.completions.stream(gap, { signal }).textStream()) {
      filled += text;
      show(text);
    }
    return filled;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

const after = "\n\nprint(fib(9))\n";
const first = fillIn("def fib(n):\n    ", after, () => {});
await sleep(50);
const second = fillIn("def fib(n):\n    if n < 2:", after, (text) => process.stdout.write(text));

console.log((await first) === undefined ? "(typed on: the first text was left)" : "(the first text was quick)");
const { length } = (await second) ?? "";
console.log(`\n(${length} characters at the cursor)`);
const { balance_infos: left } = await client.balance();
console.log(`(left: ${left.map(({ total_balance, currency }) => `${total_balance} ${currency}`).join(", ")})`);
