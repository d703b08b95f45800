import { expect, test } from "vitest";
import { whoIs } from "../../../src/server-words.ts";
import { detailsOf, quietly } from "../../../src/transport/failure-context.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";

const SAID = "My diagnosis is a secret between us two.";
const context = {
  provider: "lab",
  model: "qwq",
  requestId: "trace-1",
  status: 503,
  retryAt: 7,
  secrets: [SECRET],
  messages: [{ role: "user", content: SAID }],
} as const;

test("an error knows who failed, and neither key nor conversation", () => {
  expect(detailsOf(context)).toEqual({ provider: "lab", model: "qwq", requestId: "trace-1", status: 503, retryAt: 7 });
  const wide = { ...context, more: SECRET };
  expect(everythingSaidBy(detailsOf(wide))).not.toMatch(/unit-secret|diagnosis/);
  expect(whoIs(context)).toBe("lab (qwq)");
});

test("a server's text loses keys and quotes, and keeps its own words", () => {
  expect(quietly(`no ${SECRET}:\n${SAID} - really`, context)).toBe("no ***: […] - really");
  expect(quietly("too busy", context)).toBe("too busy");
  const { messages: _, ...silent } = context;
  expect(quietly(`said ${SAID}`, silent)).toBe(`said ${SAID}`);
});

test("a key that is part of a quote, or a quote that is part of a key, is masked either way", () => {
  const told = { ...context, messages: [{ role: "user", content: `my key is ${SECRET}` }] } as const;
  for (const text of [`bad: my key is ${SECRET}`, `bad: ${SECRET}`, `bad: ${SECRET.slice(0, 20)}`]) {
    expect(quietly(text, told)).not.toContain("unit-secret-123");
  }
});

test("a quote at the place where long texts are cut does not survive by being cut", () => {
  for (let length = 250; length < 310; length++) {
    const said = quietly(`${"#".repeat(length)}${SAID}`, context);
    expect(said).not.toContain("diagnosis");
  }
});
