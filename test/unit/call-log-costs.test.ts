import { expect, test } from "vitest";
import { createCallLog } from "../../src/call-log.ts";
import { StreamInterruptedError } from "../../src/error-family.ts";
import { createUsageBook } from "../../src/money/usage-book.ts";
import type { AttemptReport } from "../../src/report.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

const first = { kind: "first", provider: "a", model: "m", round: 0 } as const;
const tokens = { promptTokens: 1_000_000, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
const price = { promptUsd: 2, completionUsd: 3 };
const cut = new StreamInterruptedError("cut");

function createLog() {
  const book = createUsageBook(0);
  return { book, log: createCallLog("call_1", createVirtualClock(), undefined, book) };
}

test("an attempt enters the totals with the end of its call, and one that ends later with its own: each once", () => {
  const { book, log } = createLog();
  const billing = { price, believesHost: false };
  const lost = log.begin(first, billing);
  lost.head();
  const won = log.begin({ ...first, provider: "b" }, billing);
  won.head();
  won.end({ outcome: "succeeded", tokens });
  expect(book.usage().total).toMatchObject({ calls: 0, attempts: 0 });
  log.end("succeeded");
  log.end("aborted");
  expect(book.usage().total).toMatchObject({ calls: 1, attempts: 1, costUsd: { useful: 2, wasted: 0 } });
  lost.end({ outcome: "cancelled", tokens, estimated: true });
  lost.end({ outcome: "cancelled", tokens, estimated: true });
  expect(book.usage().total).toMatchObject({ calls: 1, attempts: 2 });
  expect(book.usage().total.costUsd).toEqual({ useful: 2, wasted: 2, estimated: true });
  expect(log.report().costUsd).toEqual({ useful: 2, wasted: 2, estimated: true });
});

test("what was wasted when it broke off is useful once the answer goes on behind it, in report and totals", () => {
  const { book, log } = createLog();
  const broken = log.begin(first, { price, believesHost: false });
  broken.head();
  broken.end({ outcome: "failed", error: cut, tokens, estimated: true });
  expect(log.report().costUsd).toEqual({ useful: 0, wasted: 2, estimated: true });
  const next = log.begin({ ...first, kind: "resume" }, { price, believesHost: false });
  next.head();
  log.seam({ atChar: 5, from: "a", to: "a", how: "prefix" });
  next.end({ outcome: "succeeded", tokens });
  log.end("succeeded");
  const costUsd = { useful: 4, wasted: 0, estimated: true };
  expect([log.report().costUsd, book.usage().total.costUsd]).toEqual([costUsd, costUsd]);
});

test("the host's own word is believed only where it is to be, and whoever waits for an end is told of it once", () => {
  const { log } = createLog();
  const ended: AttemptReport[] = [];
  const onEnd = (attempt: AttemptReport) => ended.push({ ...attempt });
  for (const believesHost of [true, false]) {
    const attempt = log.begin(first, { price, believesHost, onEnd });
    attempt.end({ outcome: "succeeded", tokens, toldUsd: 0.1 + 0.2 });
    attempt.end({ outcome: "succeeded", tokens });
  }
  expect(ended.map(({ costUsd }) => costUsd)).toEqual([0.3, 2]);
});
