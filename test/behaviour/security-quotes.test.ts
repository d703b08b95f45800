import { expect, test } from "vitest";
import { rejectionOf } from "../support/abort-reasons.ts";
import { provoke, SCENARIOS } from "../support/failure-scenarios.ts";
import { clientOf, everythingOf, PROMPT, quoteIn, withoutPartial } from "../support/hostile-echo.ts";

// A server's message may quote the conversation: runs of 16 characters and more become `[…]`.

test.each(SCENARIOS)("a question that the server repeats stands nowhere: $name", async (scenario) => {
  const found: string[] = [];
  for (const echo of [PROMPT, PROMPT.slice(4, 40), `x${PROMPT.slice(9)}y`, ` ${PROMPT}\n${PROMPT}`]) {
    const { error, client, ...told } = await provoke(scenario, echo);
    const said = [withoutPartial(error), told, client].map(everythingOf).join("\n");
    if (quoteIn(said, PROMPT)) found.push(quoteIn(said, PROMPT));
  }
  expect(found).toEqual([]);
});

const refusal = (message: string, messages: readonly object[] = [{ role: "user", content: PROMPT }]) => {
  const body = JSON.stringify({ error: { message } });
  const { client, clock } = clientOf(() => new Response(body, { status: 400 }));
  const params = { model: "deepseek-flash", messages: messages as [{ role: "user"; content: string }] };
  return clock.run(rejectionOf(client.chat.completions.create(params)));
};
const answered = (said: string) => ({ message: `deepseek (deepseek-flash) answered 400: ${said}` });

test("what stands around a quotation is kept", async () => {
  expect(await refusal(`cannot read "${PROMPT}" here`)).toMatchObject(answered('cannot read "[…]" here'));
  const run = PROMPT.slice(4, 20);
  expect(await refusal(`bad: ${run}`)).toMatchObject(answered("bad: […]"));
});

test("a run of 15 characters is no quotation", async () => {
  const run = PROMPT.slice(4, 19);
  expect(await refusal(`bad:${run}!`)).toMatchObject(answered(`bad:${run}!`));
});

test("two quotations apart are masked each, and two that touch are one", async () => {
  expect(await refusal(`${PROMPT.slice(0, 20)} and ${PROMPT.slice(30, 50)}`)).toMatchObject(answered("[…] and […]"));
});

test.each([
  ["a system message", [{ role: "system", content: PROMPT }]],
  ["a part of a message", [{ role: "user", content: [{ type: "text", text: PROMPT }] }]],
  ["thinking that is sent back", [{ role: "assistant", content: "x", reasoning_content: PROMPT }]],
  ["a tool's result", [{ role: "tool", tool_call_id: "c", content: PROMPT }]],
  [
    "arguments of a tool call",
    [
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: PROMPT } }],
      },
    ],
  ],
])("%s is part of the conversation", async (_, messages) => {
  const error = await refusal(`cannot read "${PROMPT}" here`, messages);
  expect(quoteIn(everythingOf(error), PROMPT)).toBe("");
});

test("a quotation that is cut at the end of the message is masked up to there", async () => {
  for (let before = 270; before < 300; before++) {
    const error = await refusal(`${"x".repeat(before - 1)} ${PROMPT}`);
    expect(quoteIn(everythingOf(error), PROMPT)).toBe("");
  }
});

test("a megabyte of conversation and of message costs no time to speak of", async () => {
  const took = async (size: number) => {
    const content = "ab".repeat(size / 2);
    const startedAt = performance.now();
    await refusal("ba".repeat(size / 2), [{ role: "user", content }]);
    return performance.now() - startedAt;
  };
  await took(10_000);
  expect(await took(1_000_000)).toBeLessThan(10_000);
});

test("a question of one word is not told as the id of the request", async () => {
  const word = "my-very-private-question-42";
  const { client, clock } = clientOf(
    () => new Response("{}", { status: 503, headers: { "x-ds-trace-id": `id-${word}` } }),
  );
  const params = { model: "deepseek-flash", messages: [{ role: "user", content: word }] } as const;
  const error = await clock.run(rejectionOf(client.chat.completions.create(params)));
  expect(quoteIn(everythingOf(error), word)).toBe("");
});
