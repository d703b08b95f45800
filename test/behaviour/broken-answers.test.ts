import { expect, test } from "vitest";
import { BusyError, createResilientClient, InvalidRequestError, openaiCompatible } from "../../src/index.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import {
  CAN_GO_ON,
  clientOver,
  cut,
  finish,
  params,
  readParts,
  readText,
  says,
  scripted,
  thinks,
} from "../support/breaking-provider.ts";
import { fetchThat, makeEvent, makeResponse } from "../support/wire-response.ts";

/** Long enough for a repetition of its beginning to be found out. */
const LONG = Array.from({ length: 20 }, (_, index) => `word ${index}, `).join("");

test("an answer that reached its length ends there, if what goes on with it only says it again, and otherwise", async () => {
  const again = { says: [...says(LONG.slice(0, 120)), ...says("and now for something else"), finish()] };
  const a = scripted("a", [{ says: [...says(LONG), finish("length")] }, again], CAN_GO_ON);
  const { clock, completions } = clientOver([a], { resume: { continueOnLength: 1 } });
  const { text, completion } = await clock.run(readText(completions.stream(params)));
  expect(text).toBe(LONG);
  expect(completion.choices[0]).toMatchObject({ finish_reason: "length", message: { content: LONG } });
  expect(a.open).toBe(0);
});

test("the end of an answer that was discarded is not that of the next one, were it as long", async () => {
  const refused = new InvalidRequestError("no prefix here");
  const answers = [
    { says: [...says(LONG), finish("length")] },
    { says: says("more"), error: cut() },
    refused,
    { says: says(LONG.replace("word 0", "Word 0")), error: cut() },
    { says: [...says("Something else."), finish()] },
  ];
  const b = scripted("b", [{ says: [], error: cut() }]);
  const a = scripted("a", answers, CAN_GO_ON);
  const resume = { continueOnLength: 1, onUnresumable: "reset" } as const;
  const { clock, completions } = clientOver([a, b], { resume });
  const { text, completion } = await clock.run(readParts(completions.stream(params)));
  expect(text).toBe("Something else.");
  expect(completion.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: text } });
});

test("the one provider there is refuses to go on with an answer: a new start there may say the same", async () => {
  const refused = new InvalidRequestError("no prefix here");
  const again = { says: [...says("Hello wor", "ld."), finish()] };
  const a = scripted("a", [{ says: says("Hello"), error: cut() }, refused, again], CAN_GO_ON);
  const { clock, completions } = clientOver([a]);
  const stream = completions.stream(params);
  expect((await clock.run(readText(stream))).text).toBe("Hello world.");
  expect(stream.report.seams).toEqual([{ atChar: 5, from: "a", to: "a", how: "restart" }]);
});

test("text goes on with the thinking that led to it, also where another one was shown, and the answer has that in the end", async () => {
  const onlyText = { ...CAN_GO_ON, reasoningPrefix: false };
  const parts = [thinks("First."), [...thinks("Second."), ...says("Hello ")], [...says("world."), finish()]] as const;
  for (const abilities of [CAN_GO_ON, onlyText]) {
    const a = scripted("a", [
      { says: parts[0], error: cut() },
      { says: parts[1], error: cut() },
    ]);
    // Busy at first, so that the thinking starts again instead of going on.
    const b = scripted("b", [new BusyError("busy"), { says: parts[2] }], abilities);
    const { clock, completions } = clientOver([a, b]);
    const { completion } = await clock.run(readText(completions.stream(params)));
    expect(completion.choices[0]?.message).toMatchObject({ content: "Hello world.", reasoning_content: "Second." });
    expect(b.requests.at(-1)?.messages.at(-1)).toEqual({
      role: "assistant",
      content: "Hello ",
      prefix: true,
      ...(abilities.reasoningPrefix && { reasoning_content: "Second." }),
    });
  }
});

test("what had arrived is what was shown, and no piece of another run", async () => {
  const inner = new BusyError("inner", { partial: { content: "Bye", reasoning_content: "Hm" } });
  const ends = [
    { says: [finish("content_filter", { content: "Bye", reasoning_content: "Hm", refusal: "No." })] },
    { says: [...says("Hel"), finish("content_filter", { content: "Bye" })] },
  ];
  for (const [second, options] of [
    [ends[0], {}],
    [ends[1], {}],
    [inner, { retry: { maxRounds: 1 } }],
  ] as const) {
    const a = scripted("a", [
      { says: [...thinks("So"), ...says("Hello wor")], error: cut() },
      ...(second ? [second] : []),
    ]);
    const { clock, completions } = clientOver([a], options);
    const failure = await clock.run(rejectionOf(readText(completions.stream(params))));
    expect((failure as { partial?: object }).partial).toMatchObject({ content: "Hello wor", reasoning_content: "So" });
    expect((failure as { partial?: { refusal?: string } }).partial?.refusal).toBe(
      second === ends[0] ? "No." : undefined,
    );
  }
});

test("an answer that started again and reached its length at once has no text of the one before to go on from", async () => {
  const a = scripted(
    "a",
    [{ says: says("Hello wor"), error: cut() }, { says: [finish("length")] }, { says: [...says("ld."), finish()] }],
    {
      prefill: "message",
    },
  );
  const { clock, completions } = clientOver([a], { resume: { continueOnLength: 1, bestEffort: true } });
  const { choices } = await clock.run(completions.create(params));
  expect(choices[0]).toMatchObject({ finish_reason: "length", message: { content: "" } });
  expect(a.requests.length).toBe(2);
});

test("a stream that was cut at a host which may think aloud goes on elsewhere: what was seen as text is text", async () => {
  const clock = createVirtualClock();
  const { fetch } = fetchThat(() => makeResponse(says("Hello ").map(makeEvent)));
  const lab = openaiCompatible({ name: "lab", baseURL: "https://lab.test" });
  const goesOn = scripted("goesOn", ["world."], CAN_GO_ON);
  const { completions } = createResilientClient({ clock, fetch, providers: [lab, goesOn] }).chat;
  expect((await clock.run(readText(completions.stream(params)))).text).toBe("Hello world.");
  expect(goesOn.requests[0]?.messages.at(-1)).toEqual({ role: "assistant", content: "Hello ", prefix: true });
});

test("an answer that was complete at its length, to which nothing is added, has the usage of all its parts", async () => {
  const counted = (prompt_tokens: number, completion_tokens: number) => ({
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  });
  const a = scripted(
    "a",
    [
      { says: [...says("Hello."), finish("length", {}, counted(10, 5))] },
      { says: [finish("stop", {}, counted(15, 0))] },
    ],
    CAN_GO_ON,
  );
  const { clock, completions } = clientOver([a], { resume: { continueOnLength: 1 } });
  const { data, report } = await clock.run(completions.create(params).withReport());
  expect(data).toMatchObject({ choices: [{ finish_reason: "stop" }], ...counted(10, 5) });
  expect(report.attempts.map(({ outcome, wasted }) => [outcome, wasted])).toEqual([
    ["succeeded", false],
    ["succeeded", false],
  ]);
});
