import { expect, test } from "vitest";
import type { ChoiceLogprobs } from "../../src/index.ts";
import { createWorld, params } from "../support/busy-world.ts";
import { observe, READINGS, type Reading } from "../support/observe-call.ts";
import { scriptedHost, type Turn } from "../support/scripted-host.ts";

// What exactly is joined to what, word for word.

async function play(turns: readonly Turn[], reading: Reading, request: object = {}, options: object = {}) {
  const host = scriptedHost(turns);
  const world = createWorld({ client: { providers: [host.provider] } });
  return { seen: await observe(world, reading, { params: { ...params, ...request }, options }), host };
}

test.each(READINGS)("the end of a seam is never trimmed: legitimate repetition stays: %s", async (reading) => {
  const seams = [
    ["ha ha ", "ha ha", " ha"],
    ["| a | b |\n|---|", "---|\n| 1 | 1 |", ""],
    ["1.\n\n", "\n\n2.", "\n\n"],
    ["the answer ", "the answer is the answer", ""],
    // A short answer that begins again says the same on purpose.
    ["Yes. ", "Yes. Yes. No.", ""],
  ];
  for (const [before = "", behind = "", last = ""] of seams) {
    const { seen } = await play(
      [
        { says: [before], ends: "cut" },
        { says: [behind, last], ends: "stop" },
      ],
      reading,
    );
    expect(seen.text).toBe(before + behind + last);
    expect(seen.completion?.choices[0]?.message.content).toBe(before + behind + last);
  }
});

const LONG = Array.from({ length: 30 }, (_, index) => `word${index} `).join("");

test.each(READINGS)(
  "what repeats the beginning for 96 characters is a new start, and is skipped as one: %s",
  async (reading) => {
    const { seen } = await play(
      [
        { says: [LONG, "end"], ends: "cut" },
        { says: [LONG.slice(0, 50), LONG.slice(50), "end and more"], ends: "stop" },
      ],
      reading,
    );
    expect(seen.text).toBe(`${LONG}end and more`);
  },
);

test.each(READINGS)("what repeats it for 95 is not: %s", async (reading) => {
  const again = `${LONG.slice(0, 95)}!`;
  const { seen } = await play(
    [
      { says: [LONG], ends: "cut" },
      { says: [...again, " more"], ends: "stop" },
    ],
    reading,
  );
  expect(seen.text).toBe(`${LONG}${again} more`);
});

test("text that is held is released as soon as it is refuted, piece by piece as it came", async () => {
  const pieces = [LONG.slice(0, 10), LONG.slice(10, 40), "other", " words"];
  const { seen } = await play(
    [
      { says: [LONG], ends: "cut" },
      { says: pieces, ends: "stop" },
    ],
    "parts",
  );
  expect(seen.parts.map((part) => (part.type === "text-delta" ? part.text : part.type))).toEqual([
    LONG,
    "seam",
    ...pieces,
    "finish",
  ]);
});

test("held text that ends there belongs to the answer", async () => {
  const { seen } = await play(
    [
      { says: [LONG], ends: "cut" },
      { says: [LONG.slice(0, 40)], ends: "stop" },
    ],
    "text",
  );
  expect(seen.text).toBe(LONG + LONG.slice(0, 40));
});

test.each(READINGS)("a stop sequence that runs over the seam ends the answer there: %s", async (reading) => {
  const turns: readonly Turn[] = [
    { says: ["one ", "two<E"], ends: "cut" },
    { says: ["N", "D> three", " four"], ends: "stop" },
  ];
  for (const stop of ["<END>", ["never", "<END>"]]) {
    const { seen, host } = await play(turns, reading, { stop });
    expect(seen.error).toBeUndefined();
    expect(seen.text).not.toContain("N");
    expect(seen.completion?.choices[0]?.finish_reason).toBe("stop");
    expect(host.requests.length).toBe(2);
  }
});

test.each(READINGS)("what only looked like one is said: %s", async (reading) => {
  const turns: readonly Turn[] = [
    { says: ["one ", "two<E"], ends: "cut" },
    { says: ["N", "D of it"], ends: "stop" },
  ];
  const { seen } = await play(turns, reading, { stop: ["<END>"] });
  expect(seen.text).toBe("one two<END of it");
});

test.each(READINGS)("thinking that comes after the text began is dropped: %s", async (reading) => {
  const { seen } = await play(
    [
      { says: [{ reasoning_content: "hm" }, "one "], ends: "cut" },
      { says: [{ reasoning_content: "again" }, "two", { reasoning_content: "late", content: " three" }], ends: "stop" },
    ],
    reading,
  );
  expect(seen.completion?.choices[0]?.message).toEqual({
    role: "assistant",
    content: "one two three",
    reasoning_content: "hm",
  });
  if (reading === "chunks" || reading === "parts") expect(seen.thinking).toBe("hm");
});

test.each(READINGS)("half a character is never delivered: it is said again behind the seam: %s", async (reading) => {
  const [half = "", other = ""] = ["\ud83d", "\ude80"];
  const { seen, host } = await play(
    [
      { says: ["up ", half], ends: "cut" },
      { says: [half, other, " and away"], ends: "stop" },
    ],
    reading,
  );
  expect(seen.text).toBe("up 🚀 and away");
  expect(host.requests[1]?.messages.at(-1)?.content).toBe("up ");
  for (const { choices } of seen.chunks) expect((choices[0]?.delta.content ?? "").isWellFormed()).toBe(true);
});

test.each(READINGS)("a continuation that has nothing left to say is a success: %s", async (reading) => {
  const { seen } = await play(
    [
      { says: ["all ", "said"], ends: "cut" },
      { says: [], ends: "stop" },
    ],
    reading,
  );
  expect(seen.text).toBe("all said");
  expect(seen.completion?.choices[0]?.finish_reason).toBe("stop");
});

test("nothing said behind thinking that was cut is no answer: it starts again once", async () => {
  const thought: Turn = { says: [{ reasoning_content: "hm" }], ends: "cut" };
  const { seen, host } = await play([thought, { says: [], ends: "stop" }, { says: ["so"], ends: "stop" }], "text");
  expect(seen.text).toBe("so");
  expect(host.requests.length).toBe(3);
});

test.each(READINGS)("probabilities of tokens are those of all parts, in order: %s", async (reading) => {
  const logprobs = (token: string): ChoiceLogprobs => ({
    content: [{ token, logprob: -1, bytes: null, top_logprobs: [] }],
  });
  const { seen } = await play(
    [
      { says: ["a ", "b "], ends: "cut", logprobs },
      { says: ["c ", "d"], ends: "stop", logprobs },
    ],
    reading,
    { logprobs: true },
  );
  expect(seen.completion?.choices[0]?.logprobs?.content?.map(({ token }) => token)).toEqual(["a ", "b ", "c ", "d"]);
});

test.each(READINGS)(
  "a prefix of the user's own is the beginning of the beginning, and stays out of the answer: %s",
  async (reading) => {
    const prefix = { role: "assistant", content: "```python\n", prefix: true, reasoning_content: "code" } as const;
    const { seen, host } = await play(
      [
        { says: ["print(", "1"], ends: "cut" },
        { says: [")\n"], ends: "stop" },
      ],
      reading,
      { messages: [...params.messages, prefix] },
    );
    expect(seen.text).toBe("print(1)\n");
    expect(host.requests.map(({ messages }) => messages.length)).toEqual([2, 2]);
    expect(host.requests[1]?.messages.at(-1)).toEqual({ ...prefix, content: "```python\nprint(1" });
  },
);
