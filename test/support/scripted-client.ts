import fc from "fast-check";
import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import {
  type ChatRequest,
  createResilientClient,
  custom,
  InvalidRequestError,
  type Provider,
} from "../../src/index.ts";
import { createVirtualClock, seededRandom, type VirtualClock } from "../../src/testing/index.ts";
import { leftOf, readsOf, type Script } from "./scripted-answers.ts";
import { HANG } from "./wire-response.ts";

/** What else there is of a client over a script. */
interface WorldOptions {
  readonly seed: number;
  readonly maxRounds: number;
  readonly totalMs: number;
  readonly abortAtMs: number | null;
  /** Between two chunks; some are longer than any limit. */
  readonly gapsMs: readonly number[];
  /** Chunks come with what hostile servers send beside them. */
  readonly isHostile: boolean;
  readonly afterRounds: readonly number[];
}

export const arbitraryWorld: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.nat(),
  maxRounds: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
  totalMs: fc.constantFrom(1_000_000, 100_000, 1_000),
  abortAtMs: fc.option(fc.oneof(fc.nat(300), fc.nat(100_000)), { freq: 3 }),
  gapsMs: fc.array(fc.constantFrom(0, 0, 1, 30, 30, 1_000, 200_000), { minLength: 1, maxLength: 6 }),
  isHostile: fc.boolean(),
  afterRounds: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: 3, maxLength: 3 }),
});

/** The real client over custom providers that answer by a script. */
export function clientOver(script: Script, options: WorldOptions) {
  const clock = createVirtualClock();
  const left = [...script.steps];
  const seen = { open: 0 };
  const providers = script.providers.map(
    ({ ...abilities }, index): Provider =>
      custom({
        name: `p${index}`,
        abilities,
        afterRounds: options.afterRounds[index],
        send: (request) => {
          const step = left.shift();
          const goesOn = request.messages.at(-1)?.role === "assistant";
          if (!step || step.what === "unavailable") throw new TypeError("nobody there");
          if (step.what === "refused" && goesOn) throw new InvalidRequestError("no prefix");
          const late = step.late && goesOn;
          const reads = readsOf(leftOf(script, step, request as ChatRequest), { ...step, late });
          return answer(reads, clock, options, seen);
        },
      }),
  );
  const { settings, bestEffort, toolCalls } = script;
  const client = createResilientClient({
    clock,
    random: seededRandom(options.seed),
    providers,
    toolCalls,
    retry: { maxRounds: options.maxRounds },
    timeouts: { totalMs: options.totalMs },
    resume: { ...settings, bestEffort },
  });
  return { clock, client, completions: client.chat.completions, open: () => seen.open };
}

async function* answer(
  reads: ReturnType<typeof readsOf>,
  clock: VirtualClock,
  { gapsMs, isHostile }: WorldOptions,
  seen: { open: number },
): AsyncGenerator<ChatCompletionChunk> {
  seen.open += 1;
  let count = 0;
  try {
    for (const read of reads) {
      const gapMs = gapsMs[count++ % gapsMs.length] ?? 0;
      if (gapMs > 0) await new Promise<void>((resolve) => clock.after(gapMs, resolve));
      if (read === HANG) await new Promise(() => {});
      else if ("error" in read) throw read.error;
      else for (const chunk of read) yield isHostile ? hostile(chunk, count) : chunk;
    }
  } finally {
    seen.open -= 1;
  }
}

/** The same chunk, with other choices, counts of wrong types and fields that are more than fields. */
function hostile(chunk: ChatCompletionChunk, count: number): ChatCompletionChunk {
  const odd = JSON.parse('{"__proto__":{"content":"WRONG","finish_reason":"stop"},"constructor":"WRONG"}');
  const [choice] = chunk.choices;
  const other = { index: 1, delta: { content: "WRONG" }, finish_reason: "content_filter" };
  const counts = [
    { prompt_tokens: "many", completion_tokens: 7 },
    { prompt_tokens: -1, completion_tokens: 1e308 },
    "usage",
  ];
  const usage = chunk.usage && { ...chunk.usage, ...Object(counts[count % counts.length]) };
  const choices = count % 2 ? [choice, other] : [other, choice];
  return { ...odd, ...chunk, usage, choices } as ChatCompletionChunk;
}
