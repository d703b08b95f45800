import type { SimulatorOptions } from "resilient-deepseek/testing";

/** What the simulated DeepSeek does wrong for one example. */
export interface Trouble extends Pick<SimulatorOptions, "script" | "faults" | "answerTokens" | "answer"> {
  /** Said before the example begins. */
  readonly notice: string;
  /** How many seconds pass in one, for what takes minutes. @defaultValue 1 */
  readonly speed?: number;
}

/** So that every example shows what the client is for. */
const BUSY_AT_FIRST: Trouble = { notice: "the first time it is busy", script: ["busy"] };

const calls = (...asked: readonly (readonly [name: string, input: object])[]) => ({
  toolCalls: asked.map(([name, input], index) => ({
    id: `call_${index}_${name}`,
    type: "function" as const,
    function: { name, arguments: JSON.stringify(input) },
  })),
});

/** A simulated model that takes these steps, one for each of its answers so far. */
const takingSteps =
  (...steps: readonly ReturnType<NonNullable<SimulatorOptions["answer"]>>[]): SimulatorOptions["answer"] =>
  ({ messages }) =>
    steps[messages.filter(({ role }) => role === "assistant").length] ?? "";

const ENGINE = { name: "engine", count: 2, priceEur: 1200 };
const INVOICE = {
  customer: "Ada Lovelace",
  due: "2026-11-30",
  items: [ENGINE, { name: "box of punch cards", count: 1, priceEur: 39.9 }],
};
const CONTACT = { name: "Grace", company: "Cobol Ltd", topic: "support", needs: ["mend the compiler", "a manual"] };

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "approve-tool": {
    ...BUSY_AT_FIRST,
    answer: takingSteps(
      calls(["list_files", {}]),
      calls(["delete_file", { file: "old.log" }]),
      "I have left it where it is.",
    ),
  },
  cancel: { notice: "at length", answerTokens: 500 },
  "cost-of-a-day": { notice: "one answer is empty", script: ["ok", "empty"] },
  "custom-provider": { notice: "it stays busy", faults: [{ kind: "busy" }] },
  "endless-chat": { notice: "in a hurry", answerTokens: 12 },
  "extract-data": {
    notice: "busy, and then wrong",
    script: ["busy"],
    // Asked again, it knows what was wrong.
    answer: ({ messages }) =>
      messages.length > 2
        ? `Sorry:\n\`\`\`json\n${JSON.stringify(INVOICE)}\n\`\`\``
        : JSON.stringify({ ...INVOICE, due: null }),
  },
  "fallback-provider": { notice: "it stays busy", faults: [{ kind: "busy" }] },
  "fill-in-the-middle": {
    notice: "its connection breaks once",
    script: ["ok", { kind: "cut", afterTokens: 9 }],
    answer: () => "\n        return n\n    return fib(n - 1) + fib(n - 2)",
  },
  "flush-after-busy": {
    notice: "it gets busy in turn three",
    script: ["ok", "ok", "busy", "busy", "busy"],
    speed: 5,
  },
  "handle-errors": {
    notice: "nothing goes well",
    script: [{ kind: "cut", afterTokens: 60 }, "authentication", "insufficient_balance"],
    faults: [{ kind: "rate_limited", retryAfterMs: 600_000 }],
  },
  "last-resort": {
    notice: "one answer, then it is busy",
    script: ["ok"],
    faults: [{ kind: "busy" }],
    answer: () => "The bright heart of a far galaxy.",
    speed: 5,
  },
  "long-answer": {
    notice: "its connection breaks",
    faults: [{ kind: "cut", afterTokens: 90 }],
    answerTokens: 500,
  },
  "patient-backoff": { notice: "it is busy for 30 seconds", faults: [{ kind: "busy", untilMs: 30_000 }], speed: 10 },
  "stream-to-browser": { ...BUSY_AT_FIRST, answerTokens: 200 },
  "streaming-form": {
    notice: "it breaks in the middle",
    script: [{ kind: "cut", afterTokens: 25 }],
    answer: () => JSON.stringify(CONTACT),
  },
  "test-your-app": { notice: "each test brings its own" },
  "weather-tool": {
    notice: "its first call is broken",
    script: [{ kind: "malformed", what: "tool_call" }],
    answer: takingSteps(
      calls(["weather", { city: "Kairo" }], ["weather", { city: "Oslo" }]),
      calls(["weather", { city: "Cairo" }]),
      "Cairo is 34 degrees warmer.",
    ),
  },
  timeouts: {
    notice: "it queues for ever",
    faults: [{ kind: "queue", forMs: Number.POSITIVE_INFINITY }],
    speed: 10,
  },
};

export function chooseTrouble(example: string): Trouble {
  return TROUBLES[example] ?? BUSY_AT_FIRST;
}
