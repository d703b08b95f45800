import fc from "fast-check";
import { expect, test } from "vitest";
import type { SimulatedAnswer } from "../../../src/testing/compose-answer.ts";
import { splitTokens } from "../../../src/testing/compose-answer.ts";
import { hex, type Mind, planAnswer, type ScriptedAnswer } from "../../../src/testing/plan-answer.ts";
import { seededRandom } from "../../../src/testing/seeded-random.ts";
import type { WireBody } from "../../../src/testing/wire-body.ts";
import { bodyOf, PLAIN } from "./ask.ts";

const NOW = Date.UTC(2026, 0, 1, 0, 0, 0, 999);
const CALL = { id: "call_1", type: "function", function: { name: "now", arguments: '{"zone":"UTC"}' } } as const;

function createMind(seed = 1, answer?: (request: WireBody) => ScriptedAnswer): Mind {
  return { answers: [], random: seededRandom(seed), ids: seededRandom(seed + 1), answerTokens: 30, answer };
}

const plan = (mind: Mind, overrides: object = {}) => planAnswer(bodyOf(overrides), mind, NOW);
const goOn = (mind: Mind, prefix: object, overrides: object = {}) =>
  plan(mind, {
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", prefix: true, ...prefix },
    ],
    ...overrides,
  });
const remember = (mind: Mind, ...answers: SimulatedAnswer[]) => void mind.answers.push(...answers);

test("a fresh request gets a whole answer that is remembered", () => {
  const mind = createMind();
  const { reasoning, content, ...rest } = plan(mind);
  expect(mind.answers).toEqual([{ reasoning, content }]);
  expect(content).toMatch(/that is all\.$/);
  expect(rest).toMatchObject({
    created: Date.UTC(2026, 0, 1) / 1_000,
    model: "deepseek-flash",
    thinks: true,
    toolCalls: [],
    finishReason: "stop",
    promptTokens: 8,
  });
});

// Fact sheet, section 4.1 and every recording that was not redacted: 848d59c7-3cc9-4ced-ab98-452077cb79da
test("the id of an answer is a UUID", () => {
  expect(plan(createMind()).id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("the same seed plans the same answers in the same order, another seed others", () => {
  const [one, same, other] = [createMind(1), createMind(1), createMind(2)];
  for (let index = 0; index < 5; index += 1) {
    const planned = plan(one);
    expect(plan(same)).toEqual(planned);
    expect(plan(other).content).not.toBe(planned.content);
  }
});

test("without thinking there is no reasoning, and every answer still has its own wording", () => {
  const mind = createMind();
  const plans = Array.from({ length: 100 }, () => plan(mind, PLAIN));
  expect(plans.every(({ thinks, reasoning }) => !thinks && reasoning === "")).toBe(true);
  expect(new Set(plans.map(({ content }) => content.slice(0, 24))).size).toBe(100);
});

test("the model that serves is named, not the one that was asked for", () => {
  expect(plan(createMind(), { model: "deepseek-v4-flash" }).model).toBe("deepseek-flash");
});

test("JSON mode gives an object", () => {
  const { content } = plan(createMind(), { response_format: { type: "json_object" } });
  expect(JSON.parse(content)).toEqual({ answer: expect.stringMatching(/that is all\.$/) });
});

test("a scripted text is the content, and thinking is invented unless it is scripted too", () => {
  const mind = createMind(1, ({ model }) => `I am ${model}`);
  expect(plan(mind)).toMatchObject({ content: "I am deepseek-flash", reasoning: expect.stringMatching(/^Hmm /) });
  const silent = createMind(1, () => ({ content: "So.", reasoning: "" }));
  expect(plan(silent)).toMatchObject({ content: "So.", reasoning: "", finishReason: "stop" });
  expect(
    plan(
      createMind(1, () => ""),
      PLAIN,
    ),
  ).toMatchObject({ content: "", finishReason: "stop" });
});

test("scripted tool calls end with tool_calls", () => {
  const mind = createMind(1, () => ({ toolCalls: [CALL] }));
  expect(plan(mind, PLAIN)).toMatchObject({ content: "", toolCalls: [CALL], finishReason: "tool_calls" });
});

// Fact sheet, section 4.1: "Non-thinking responses have no reasoning_content".
test("scripted reasoning is not told while thinking is disabled", () => {
  const mind = createMind(1, () => ({ content: "So.", reasoning: "I wonder." }));
  expect(plan(mind, PLAIN)).toMatchObject({ thinks: false, content: "So.", reasoning: "" });
});

test("stop ends the answer before the first sequence that matches", () => {
  const mind = createMind(1, () => "one two three");
  expect(plan(mind, { stop: " three" })).toMatchObject({ content: "one two", finishReason: "stop" });
  expect(plan(mind, { stop: ["three", " two"] })).toMatchObject({ content: "one", finishReason: "stop" });
  expect(plan(mind, { stop: ["four", "", null] })).toMatchObject({ content: "one two three" });
  expect(plan(mind, { stop: "one" })).toMatchObject({ content: "" });
});

test("what stop ends calls no tools any more", () => {
  const mind = createMind(1, () => ({ content: "one two", toolCalls: [CALL] }));
  expect(plan(mind, { stop: "two" })).toMatchObject({ content: "one ", toolCalls: [], finishReason: "stop" });
});

test("max_tokens ends with length, thinking counts, and the thinking goes first", () => {
  const mind = createMind(1, () => ({ reasoning: "a b c", content: "d e f" }));
  expect(plan(mind, { max_tokens: 6 })).toMatchObject({ reasoning: "a b c", content: "d e f", finishReason: "stop" });
  expect(plan(mind, { max_tokens: 5 })).toMatchObject({ reasoning: "a b c", content: "d e", finishReason: "length" });
  expect(plan(mind, { max_tokens: 3 })).toMatchObject({ reasoning: "a b c", content: "", finishReason: "length" });
  expect(plan(mind, { max_tokens: 1 })).toMatchObject({ reasoning: "a", content: "", finishReason: "length" });
  expect(plan(mind, { max_tokens: null })).toMatchObject({ content: "d e f", finishReason: "stop" });
});

test("of stop and max_tokens the one that ends the answer first counts", () => {
  const mind = createMind(1, () => ({ reasoning: "", content: "a b c d" }));
  expect(plan(mind, { max_tokens: 3, stop: " c" })).toMatchObject({ content: "a b", finishReason: "stop" });
  expect(plan(mind, { max_tokens: 2, stop: " d" })).toMatchObject({ content: "a b", finishReason: "length" });
});

// Recorded (rig truncation_matrix): a budget that ends inside a tool call gives `length` and cut arguments.
test("max_tokens counts tool calls too, and cuts them", () => {
  const mind = createMind(1, () => ({ content: "", toolCalls: [CALL] }));
  const { finishReason, toolCalls } = plan(mind, { ...PLAIN, max_tokens: 2 });
  expect(finishReason).toBe("length");
  expect(toolCalls.map((call) => call.function.arguments)).not.toContain(CALL.function.arguments);
});

test("text and continuation are one whole answer, wherever it was cut, also inside a word or a character", () => {
  const place = fc.record({ seed: fc.nat(1_000), which: fc.nat(3), cut: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(
    fc.property(place, fc.boolean(), ({ seed, which, cut }, thinks) => {
      const mind = createMind(seed);
      const overrides = thinks ? {} : PLAIN;
      const plans = [0, 1, 2, 3].map(() => plan(mind, overrides));
      const whole = plans[which]?.content ?? "";
      const content = whole.slice(0, 20 + Math.floor(cut * (whole.length - 20)));
      const rest = goOn(mind, { content }, overrides);
      expect(content + rest.content).toBe(whole);
      expect(rest).toMatchObject({ reasoning: "", thinks, finishReason: "stop" });
      expect(mind.answers.length).toBe(4);
    }),
  );
});

test("a cut inside the reasoning goes on with that reasoning and then its own content", () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(3), fc.double({ min: 0, max: 1, noNaN: true }), (seed, which, cut) => {
      const mind = createMind(seed);
      const { reasoning = "", content } = [0, 1, 2, 3].map(() => plan(mind))[which] ?? {};
      const thought = reasoning.slice(0, 12 + Math.floor(cut * (reasoning.length - 12)));
      const rest = goOn(mind, { content: "", reasoning_content: thought });
      expect(thought + rest.reasoning).toBe(reasoning);
      expect(rest.content).toBe(content);
    }),
  );
});

test("of several answers with one beginning any may go on, whole", () => {
  const mind = createMind();
  remember(mind, { reasoning: "", content: "Sure, one." }, { reasoning: "", content: "Sure, two." });
  expect(["Sure, one.", "Sure, two."]).toContain(`Sur${goOn(mind, { content: "Sur" }, PLAIN).content}`);
  expect(goOn(mind, { content: "Sure, o" }, PLAIN).content).toBe("ne.");
});

test("the reasoning that comes with a prefix tells answers with one beginning apart", () => {
  const mind = createMind();
  remember(mind, { reasoning: "Think one.", content: "Sure, one." }, { reasoning: "Two?", content: "Sure, two." });
  expect(goOn(mind, { content: "Sure", reasoning_content: "Think one." }).content).toBe(", one.");
});

test("a whole answer as prefix gets nothing more, and stops", () => {
  const mind = createMind();
  const { content } = plan(mind, PLAIN);
  expect(goOn(mind, { content }, PLAIN)).toMatchObject({ content: "", finishReason: "stop" });
});

test("a prefix nobody said gets a whole wording of its own, with its whole reasoning", () => {
  const mind = createMind();
  plan(mind);
  const rest = goOn(mind, { content: "```python\n" });
  expect(rest.content).toMatch(/^\p{Lu}[\s\S]+that is all\.$/u);
  expect(mind.answers.length).toBe(2);
});

test("reasoning nobody thought is not taken for known: nothing is missing from what follows", () => {
  const mind = createMind();
  plan(mind);
  const rest = goOn(mind, { content: "", reasoning_content: "My own chain of thought: " });
  expect(rest.reasoning).toMatch(/^Hmm \(/);
});

test("an answer to somebody's own prefix can itself be continued where it was cut", () => {
  const mind = createMind();
  const own = "```python\n";
  const first = goOn(mind, { content: own }, PLAIN).content;
  const second = goOn(mind, { content: own + first.slice(0, 25) }, PLAIN).content;
  expect(first.slice(0, 25) + second).toBe(first);
});

test("stop and max_tokens hold for a continuation", () => {
  const mind = createMind();
  remember(mind, { reasoning: "", content: "one two three four" });
  expect(goOn(mind, { content: "one" }, { max_tokens: 1 })).toMatchObject({ content: " two", finishReason: "length" });
  expect(goOn(mind, { content: "one" }, { stop: " four" })).toMatchObject({ content: " two three" });
});

test("hex gives so many hexadecimal digits", () => {
  expect(hex(seededRandom(1), 32)).toMatch(/^[0-9a-f]{32}$/);
  expect(hex(() => 0.999, 3)).toBe("fff");
  expect(splitTokens(hex(seededRandom(1), 0))).toEqual([]);
});
