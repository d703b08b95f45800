import { expect, test } from "vitest";
import { createSimulator, type Trouble } from "../../../src/testing/index.ts";
import { ask, completionOf, PLAIN, tell } from "./ask.ts";

const ANSWER = { reasoning: "a b c", content: "d e f g" };
const create = (trouble: Trouble) => createSimulator({ script: [trouble, trouble], answer: () => ANSWER });

/** The same in both wires. */
async function both(trouble: Trouble, overrides: object = {}) {
  const simulator = create(trouble);
  const told = await tell(simulator, overrides);
  const choice = completionOf(await ask(simulator, overrides)).choices[0];
  const { content, reasoning_content: reasoning = "" } = choice?.message ?? { content: "" };
  expect({ content, reasoning, finish: choice?.finish_reason }).toEqual({
    content: told.content,
    reasoning: told.reasoning,
    finish: told.finishReason,
  });
  return { content, reasoning, finish: choice?.finish_reason, simulator };
}

test("an answer stops after so many tokens with the finish reason it is told", async () => {
  expect(await both({ kind: "finish", afterTokens: 5 })).toMatchObject({
    reasoning: "a b c",
    content: "d e",
    finish: "insufficient_system_resource",
  });
  expect(await both({ kind: "finish", afterTokens: 2, reason: "aborted" })).toMatchObject({
    reasoning: "a b",
    content: "",
    finish: "aborted",
  });
  expect(await both({ kind: "content_filter", afterTokens: 4 })).toMatchObject({
    content: "d",
    finish: "content_filter",
  });
  const { simulator } = await both({ kind: "finish", afterTokens: 0 });
  expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(["cut", "cut"]);
});

test("without a place an answer stops anywhere from its first token on, and not always at the same one", async () => {
  const lengths = new Set<number>();
  for (let seed = 1; seed <= 60; seed += 1) {
    const simulator = createSimulator({ seed, script: ["finish"], answer: () => ANSWER });
    const { reasoning, content } = await tell(simulator);
    const length = reasoning.length + content.length;
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThan(12);
    lengths.add(length);
  }
  expect(lengths.size).toBeGreaterThan(3);
});

test.each([
  [undefined, "", ""],
  ["nothing", "", ""],
  ["whitespace", " \n\n  \n", ""],
  ["reasoning", "", "a b cd e f g"],
] as const)("an empty answer of %s stops in order", async (what, content, reasoning) => {
  const { simulator, ...said } = await both({ kind: "empty", what });
  expect(said).toEqual({ content, reasoning, finish: "stop" });
  expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(["finished", "finished"]);
});

test("only reasoning is possible without thinking, too", async () => {
  expect(await both({ kind: "empty", what: "reasoning" }, PLAIN)).toMatchObject({
    content: "",
    reasoning: "d e f g",
    finish: "stop",
  });
});

test("a malformed tool call has arguments that are no JSON, of a tool that was offered", async () => {
  const tools = [{ type: "function", function: { name: "weather" } }];
  const trouble: Trouble = { kind: "malformed" };
  expect(await both(trouble, { tools })).toMatchObject({ content: "", finish: "tool_calls" });
  const { message } = completionOf(await ask(create(trouble), { tools })).choices[0] ?? {};
  expect(message?.tool_calls).toMatchObject([{ function: { name: "weather", arguments: '{"city": "Par' } }]);
});

test("tool markup leaks as text, and stops as if nothing were wrong", async () => {
  const { content, finish } = await both({ kind: "malformed", what: "markup" });
  expect(finish).toBe("stop");
  expect(content).toMatch(/^<｜DSML｜function_calls>\n<｜DSML｜invoke name="lookup">\n/);
});

test("a loop says the same to the end of its length, in text, in thinking or in blanks", async () => {
  const loop = (what?: "text" | "reasoning" | "blanks", afterTokens = 2): Trouble => ({
    kind: "loop",
    what,
    afterTokens,
  });
  expect(await both(loop(), { max_tokens: 20 })).toMatchObject({
    reasoning: "a b c",
    content: expect.stringMatching(/^d e and again, and so on, and again,/),
    finish: "length",
  });
  const thinking = await both(loop("reasoning"), { max_tokens: 20, ...PLAIN });
  expect(thinking).toMatchObject({ reasoning: expect.stringMatching(/^ and again, and so on, and/), content: "" });
  const { content } = await both(loop("blanks", 1), { max_tokens: 30 });
  expect(content).toMatch(/^d\s{20,}$/);
  expect((await both(loop())).content.length).toBeGreaterThan(10_000);
});
