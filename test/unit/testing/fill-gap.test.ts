import { expect, test } from "vitest";
import { createSimulator, type Simulator } from "../../../src/testing/index.ts";
import { BASE, KEY } from "./ask.ts";

const GAP = { model: "deepseek-flash", prompt: "a = [", suffix: "]" };

async function fill(simulator: Simulator, fields: object = {}, path = "/beta/completions") {
  const body = JSON.stringify({ ...GAP, ...fields });
  const response = await simulator.fetch(BASE + path, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}` },
    body,
  });
  const text = await response.text();
  return { status: response.status, text };
}

const textOf = ({ text }: { text: string }) => JSON.parse(text).choices[0].text as string;

test("every gap gets a wording of its own; one that has begun goes on with its own, and ends", async () => {
  const simulator = createSimulator({ answerTokens: 30 });
  const first = textOf(await fill(simulator));
  const other = textOf(await fill(simulator));
  expect(other).not.toBe(first);
  for (let at = 1; at <= first.length; at += 7) {
    const isShared = other.startsWith(first.slice(0, at));
    const rest = (isShared ? other : first).slice(at);
    expect(textOf(await fill(simulator, { prompt: GAP.prompt + first.slice(0, at) }))).toBe(rest);
    // Beginnings that both have go on as the later one.
    expect(textOf(await fill(simulator, { prompt: GAP.prompt + other.slice(0, at) }))).toBe(other.slice(at));
  }
  expect(textOf(await fill(simulator, { prompt: GAP.prompt + first }))).toBe("");
  // Behind another suffix it is another gap.
  expect(textOf(await fill(simulator, { prompt: GAP.prompt + first.slice(0, 9), suffix: "}" }))).not.toBe(
    first.slice(9),
  );
  expect(simulator.isWholeAnswer(first)).toBe(true);
  expect(simulator.isWholeAnswer(first.slice(0, 9) + other.slice(9))).toBe(false);
});

test("max_tokens and stop end it, and a stream says the same as a body", async () => {
  const whole = textOf(await fill(createSimulator()));
  const stream = await fill(createSimulator(), { stream: true, stream_options: { include_usage: true } });
  const events = stream.text
    .split("\n\n")
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice(6)));
  expect(events.map(({ choices }) => choices[0].text).join("")).toBe(whole);
  expect(events.at(-1)).toMatchObject({ choices: [{ finish_reason: "stop" }], usage: { prompt_tokens: 9 } });
  expect(stream.text.endsWith("data: [DONE]\n\n")).toBe(true);
  const short = await fill(createSimulator(), { max_tokens: 5 });
  expect(JSON.parse(short.text)).toMatchObject({
    object: "text_completion",
    choices: [{ finish_reason: "length" }],
    usage: { completion_tokens: 5 },
  });
});

test.each([
  ["outside of beta", {}, "/completions", "only available when using beta api"],
  ["no prompt", { prompt: undefined }, undefined, "missing field `prompt`"],
  ["a suffix that is none", { suffix: 7 }, undefined, "suffix: invalid type"],
  ["echo with suffix", { echo: true }, undefined, "echo is not supported"],
  ["more than 4096 tokens", { max_tokens: 4097 }, undefined, "[1, 4096]"],
  ["too many logprobs", { logprobs: 21 }, undefined, "[0, 20]"],
  ["usage without a stream", { stream_options: {} }, undefined, "stream_options"],
  ["an unknown model", { model: "gpt" }, undefined, "supported API model names"],
  ["a prompt that is too long", { prompt: "x".repeat(5_000_000) }, undefined, "maximum context length"],
] as const)("%s is refused", async (_, fields, path, message) => {
  const { status, text } = await fill(createSimulator(), fields, path);
  expect(status).toBe(400);
  expect(JSON.parse(text).error.message).toContain(message);
});

test("what is written to answer questions answers gaps, too", async () => {
  const simulator = createSimulator({ answer: ({ messages, suffix }) => `${messages.at(-1)?.content}1${suffix}` });
  expect(textOf(await fill(simulator))).toBe("a = [1]");
});

test("what can be looked up breaks like everything else", async () => {
  const get = async (simulator: Simulator, path: string) => {
    const response = await simulator.fetch(BASE + path, { headers: { authorization: `Bearer ${KEY}` } });
    return response.text().then(
      (text) => text,
      () => "broken",
    );
  };
  for (const path of ["/models", "/user/balance"]) {
    const whole = await get(createSimulator(), path);
    const half = await get(createSimulator({ script: ["malformed"] }), path);
    expect(half.length).toBeGreaterThan(0);
    expect([whole.startsWith(half), half.length < whole.length]).toEqual([true, true]);
    expect(await get(createSimulator({ script: ["cut"] }), path)).toBe("broken");
    expect(await get(createSimulator({ script: ["in_stream_error"] }), path)).toContain('"code":503');
    expect(await get(createSimulator({ script: [{ kind: "empty", what: "newlines" }] }), path)).toBe("\n\n\n\n");
  }
});
