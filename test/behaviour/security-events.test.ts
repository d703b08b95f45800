import { expect, test } from "vitest";
import type { ClientEvent } from "../../src/index.ts";
import { describeEvent } from "../../src/index.ts";
import { provoke, SCENARIOS } from "../support/failure-scenarios.ts";
import {
  ANSWER,
  clientOf,
  echoingEvent,
  KEY,
  keysIn,
  PROMPT,
  privateParams,
  quoteIn,
} from "../support/hostile-echo.ts";

/** Every text of an event by its path; fails for what is neither text, number nor plain data. */
function texts(value: unknown, path = ""): (readonly [path: string, text: string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) {
    expect(["number", "boolean", "undefined"], path).toContain(value === null ? "null" : typeof value);
    return [];
  }
  expect([Object.prototype, Array.prototype], path).toContain(Object.getPrototypeOf(value));
  expect(Object.getOwnPropertySymbols(value), path).toEqual([]);
  expect(
    Object.getOwnPropertyNames(value)
      .filter((name) => name !== "length")
      .sort(),
    path,
  ).toEqual(Object.keys(value).sort());
  return Object.entries(value).flatMap(([key, entry]) => texts(entry, `${path}.${key}`));
}

function check(events: readonly unknown[]): void {
  for (const event of events) {
    for (const [path, text] of texts(event)) {
      expect(text.length, path).toBeLessThanOrEqual(path.endsWith(".message") ? 450 : 128);
      if (!path.endsWith(".message")) expect(text, path).toMatch(/^[\w.:() -]*$/);
      expect(quoteIn(text, ANSWER), path).toBe("");
      expect(quoteIn(text, PROMPT), path).toBe("");
      expect(keysIn(text), path).toEqual([]);
    }
    expect(describeEvent(event as ClientEvent)).not.toMatch(/[\r\n]/);
  }
}

test.each(SCENARIOS)("the events of a failure are plain data of numbers and names: $name", async (scenario) => {
  for (const echo of ["x".repeat(5_000), ANSWER, KEY]) {
    const { events, health } = await provoke(scenario, echo === ANSWER ? "kept" : echo);
    check([...events]);
    for (const [, text] of texts(health)) expect(text).toMatch(/^[\w-]{1,40}$/);
  }
});

test("the events and the report of a success hold nothing that was said", async () => {
  const body = `${echoingEvent(ANSWER, { role: "assistant", reasoning_content: ANSWER, content: ANSWER })}${echoingEvent(
    PROMPT,
    {},
    "stop",
    { usage: { prompt_tokens: 3, completion_tokens: 4, note: PROMPT } },
  )}`;
  const events: ClientEvent[] = [];
  const { client, clock } = clientOf(() => new Response(body, { headers: { "x-ds-trace-id": "abc" } }), {
    onEvent: (event) => events.push(event),
  });
  const { data, report } = await clock.run(client.chat.completions.create(privateParams).withReport());
  expect(data.choices[0]?.message.content).toBe(ANSWER);
  expect(events.map(({ type }) => type)).toEqual(["attempt-start", "attempt-head", "attempt-end", "call-end"]);
  check([...events, report, client.health()].map((told) => ({ ...told, type: "warning", message: "" })));
});
