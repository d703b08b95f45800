import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allProbes } from "../../../probe/all-probes.ts";
import { worstCostOf } from "../../../probe/count-cost.ts";
import { judgeAnswers } from "../../../probe/run-probes.ts";
import { answer, refusal } from "./answers.ts";
import { CASES } from "./judgements.ts";

const root = join(import.meta.dirname, "../../..");
const cases = allProbes.map((probe) => ({ name: probe.name, probe, answers: CASES[probe.name] }));

test("every probe has answers here, and every answer a probe of its own name", () => {
  expect(Object.keys(CASES)).toEqual(allProbes.map(({ name }) => name));
});

test.each(cases)("$name: its fact holds with one answer and differs with another", ({ probe, answers }) => {
  expect(judgeAnswers(probe, answers?.holds ?? [], answers?.holds ?? [])).toMatchObject({ verdict: "holds" });
  const judgement = judgeAnswers(probe, answers?.differs ?? [], answers?.differs ?? []);
  expect(judgement).toMatchObject({ verdict: "differs", change: expect.stringMatching(/\.$/) });
});

test.each(cases.filter(({ answers }) => answers?.unknown))(
  "$name: some answers prove nothing",
  ({ probe, answers }) => {
    const unknown = answers?.unknown ?? [];
    expect(judgeAnswers(probe, unknown, unknown)).toMatchObject({
      verdict: "unknown",
      seen: expect.stringMatching(/./),
    });
  },
);

test.each(cases.filter(({ probe }) => !probe.looksBack))(
  "$name: a server that is busy, or not there, proves nothing",
  ({ probe }) => {
    const path = probe.questions[0]?.path ?? "";
    for (const trouble of [
      refusal("Service is too busy.", 503),
      refusal("Too many requests.", 429),
      refusal("Insufficient Balance", 402),
      answer(307),
      answer(200, { said: "" }),
      answer(200, { json: { error: { message: "busy" } }, said: "busy" }),
      answer(undefined, { said: "fetch failed (ECONNREFUSED)" }),
    ])
      expect(judgeAnswers(probe, [{ ...trouble, path }], [])).toMatchObject({ verdict: "unknown" });
  },
);

test("a base URL without the chat path proves nothing about chat", () => {
  const [chat] = allProbes.filter(({ name }) => name === "stop-17");
  const judgement = chat && judgeAnswers(chat, [answer(404, { said: "page not found" })], []);
  expect(judgement).toEqual({
    verdict: "unknown",
    seen: 'There is no /chat/completions there: 404 "page not found"',
  });
});

test.each(cases)("$name: a fact, what is done about it, and where", ({ probe: { name, fact, today, where } }) => {
  expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  expect(fact).toMatch(/\.$/);
  expect(today).toMatch(/\.$/);
  expect(where.length).toBeGreaterThan(0);
  expect(where.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("no question can cost much, and all of them together a few cents", () => {
  for (const { questions } of allProbes) {
    for (const { path, body, leaveAfterEvents } of questions) {
      if (!path.endsWith("/chat/completions")) continue;
      const isBounded = leaveAfterEvents !== undefined || Number(body?.["max_tokens"] ?? Number.NaN) <= 64;
      expect(isBounded).toBe(true);
      if (leaveAfterEvents !== undefined) expect(body).toMatchObject({ stream: true });
    }
  }
  expect(worstCostOf(allProbes.filter(({ isLong }) => !isLong))).toBeLessThan(0.03);
  expect(worstCostOf(allProbes)).toBeLessThan(0.05);
});

test("whatever looks back comes after all that look at their own answers", () => {
  const first = allProbes.findIndex(({ looksBack }) => looksBack);
  expect(allProbes.slice(first).every(({ looksBack }) => looksBack)).toBe(true);
});
