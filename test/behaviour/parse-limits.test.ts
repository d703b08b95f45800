import { expect, test } from "vitest";
import { parse, SchemaError, streamParse } from "../../src/index.ts";
import { ASKED, createStructuredWorld, SOUP, SOUP_TEXT } from "../support/structured-world.ts";

const quick = { ...ASKED, thinking: { type: "disabled" } } as const;
// It breaks off, and nobody may go on with it.
const broken = [{ kind: "cut", afterTokens: 12 }, { kind: "invalid_request" }] as const;

test("the model is asked again twice where nothing else is said", async () => {
  const { client, failure, sent } = createStructuredWorld(["no"]);
  const error = await failure(parse(client, ASKED));
  expect(SchemaError.isInstance(error) && error.message).toContain("(asked 3 times)");
  expect(sent()).toHaveLength(3);
});

test("a new start of streamParse() needs no permission, not even where the client gives none", async () => {
  const script = [...broken];
  const world = createStructuredWorld([SOUP_TEXT.replace("Soup", "Stew"), SOUP_TEXT], { script }, { resume: false });
  expect(await world.run(streamParse(world.client, quick).finalValue())).toEqual(SOUP);
});

test("with resume: false in the call, a broken answer is an error", async () => {
  const { client, failure, sent } = createStructuredWorld([SOUP_TEXT], { script: [...broken] });
  const stream = streamParse(client, quick, { resume: false });
  expect(await failure(stream.finalValue())).toMatchObject({ code: "stream_interrupted" });
  expect(sent()).toHaveLength(1);
});

test.each([
  ["alone", "", "The answer is empty."],
  ["behind an object", SOUP_TEXT, "The answer does not end: nothing but spaces and line breaks follows."],
])("streamParse() waits for 4,000 characters of whitespace and no more, then asks again: %s", async (_, text, why) => {
  for (const [blanks, asks] of [
    [4_000, text === "" ? 2 : 1],
    [4_200, 2],
  ] as const) {
    const { client, run, sent } = createStructuredWorld([text + " \n".repeat(blanks / 2), SOUP_TEXT]);
    const stream = streamParse(client, quick, { allowEmpty: true });
    expect(await run(stream.finalValue())).toEqual(SOUP);
    expect(sent()).toHaveLength(asks);
    if (asks === 2) expect(sent()[1]?.messages.at(-1)?.content).toContain(why);
    expect(stream.reports[0]?.outcome).toBe(blanks > 4_000 ? "aborted" : "succeeded");
  }
});

test("each ask is a call of its own: maxCostUsd and totalMs are for each", async () => {
  const wrong = `No: ${"nothing fits ".repeat(20)}`;
  const { client, run } = createStructuredWorld([wrong, SOUP_TEXT]);
  const { reports } = await run(parse(client, quick).withReport());
  const costs = reports.map(({ costUsd }) => costUsd?.useful ?? Number.NaN);
  const maxCostUsd = 1.5 * Math.max(...costs);
  expect(costs).toHaveLength(2);
  expect(maxCostUsd).toBeLessThan(costs.reduce((sum, cost) => sum + cost, 0));
  const took = reports.map(({ endedMs }) => endedMs ?? Number.NaN);
  const totalMs = Math.max(...took) + 100;
  expect(totalMs).toBeLessThan(took.reduce((sum, ms) => sum + ms, 0));
  const limited = createStructuredWorld([wrong, SOUP_TEXT], {}, { maxCostUsd, timeouts: { totalMs } });
  expect(await limited.run(parse(limited.client, quick))).toEqual(SOUP);
});
