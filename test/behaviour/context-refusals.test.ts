import { expect, test } from "vitest";
import "../../src/policies/fit-to-window.ts";
import { createLoadWorld, PARAMS } from "../support/load-world.ts";
import { expectTruePartial, observe } from "../support/observe-call.ts";

const silent = { ...PARAMS, thinking: { type: "disabled" } } as const;

test.each([{}, { afterMs: 1 }])("what no window holds fails at once, and nobody is asked: hedge %j", async (hedge) => {
  const { call, clock, hosts } = createLoadWorld([{}, {}, {}], { context: { windowTokens: 3 }, hedge });
  const began = clock.now();
  const { error } = await call();
  expect(error).toMatchObject({ code: "context_length", attempts: [] });
  expect(clock.now() - began).toBeLessThan(50);
  expect(hosts.flatMap(({ requests }) => requests)).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("a window that does not hold the answer's beginning too holds the request, so the answer starts again", async () => {
  const cut = { kind: "cut", afterTokens: 5 } as const;
  const { client, clock } = createLoadWorld([{ script: [cut] }], { context: { windowTokens: 24 } });
  const { report } = await clock.run(client.chat.completions.create(silent).withReport());
  expect(report.attempts.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ["first", "interrupted"],
    ["resume", "succeeded"],
  ]);
});

test("where what was seen cannot go on for want of room anywhere, the call fails at once with what had come", async () => {
  const cut = { kind: "cut", afterTokens: 5 } as const;
  const world = createLoadWorld([{ script: [cut] }, {}], { context: { windowTokens: 24 } });
  const seen = await observe(world, "text", { params: silent });
  expect(seen.error).toMatchObject({ code: "stream_interrupted" });
  expect(expectTruePartial(seen, "text", ...world.hosts)).not.toBe("");
  expect(seen.tookMs).toBeLessThan(2_000);
  expect(world.clock.pending).toBe(0);
});
