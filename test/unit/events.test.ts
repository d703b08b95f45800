import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { type ClientEvent, describeEvent, guardListener } from "../../src/events.ts";
import type { AttemptReport, Report } from "../../src/report.ts";
import { unhandledRejections } from "./async/unhandled-rejections.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const base = { callId: "call_1", at: 1 } as const;
const reset: ClientEvent = { ...base, type: "reset" };
const attempt: AttemptReport = {
  index: 1,
  round: 1,
  kind: "retry",
  provider: "deepseek",
  model: "deepseek-flash",
  startedAt: 0,
  slotWaitMs: 0,
  headMs: 999,
  endedMs: 12_345,
  outcome: "failed",
  wasted: false,
  estimated: false,
};
const report: Report = {
  callId: "call_1",
  outcome: "succeeded",
  startedAt: 0,
  endedMs: 1_000,
  waitedMs: 0,
  attempts: [attempt, attempt],
  skipped: [],
  seams: [],
  changes: [],
  billed: { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 },
};

function failedWith(message: string): ClientEvent {
  return { ...base, type: "attempt-end", attempt: { ...attempt, error: { code: "busy", message } } };
}

test.each<[ClientEvent, string]>([
  [{ ...base, type: "attempt-start", attempt }, "asks deepseek (deepseek-flash), attempt 2"],
  [{ ...base, type: "attempt-head", attempt }, "deepseek (deepseek-flash), attempt 2 began to answer after 999 ms"],
  [{ ...base, type: "attempt-end", attempt }, "deepseek (deepseek-flash), attempt 2 failed after 12.3 s"],
  [failedWith("answered 503"), "deepseek (deepseek-flash), attempt 2 failed after 12.3 s: answered 503"],
  // Most messages begin with the provider and its model, as the line does.
  [
    failedWith("deepseek (deepseek-flash) answered 503: Service is too busy."),
    "deepseek (deepseek-flash), attempt 2 failed after 12.3 s: answered 503: Service is too busy.",
  ],
  [
    failedWith("deepseek (deepseek-flash-2) answered 503"),
    "deepseek (deepseek-flash), attempt 2 failed after 12.3 s: deepseek (deepseek-flash-2) answered 503",
  ],
  [
    failedWith("Could not reach deepseek at api.deepseek.com (ECONNREFUSED)."),
    "deepseek (deepseek-flash), attempt 2 failed after 12.3 s: Could not reach deepseek at api.deepseek.com (ECONNREFUSED).",
  ],
  [
    { ...base, type: "attempt-queued", provider: "deepseek", elapsedMs: 61_000 },
    "deepseek keeps the call in its queue, 61.0 s so far",
  ],
  [{ ...base, type: "provider-skipped", provider: "lab", reason: "no_key" }, "lab is not asked (no API key)"],
  [{ ...base, type: "provider-skipped", provider: "lab", reason: "json" }, "lab is not asked (no JSON mode)"],
  [{ ...base, type: "wait", forMs: 0, why: "retry-after" }, "waits 0 ms (retry-after)"],
  [{ ...base, type: "wait", forMs: 1_000, why: "backoff" }, "waits 1.0 s (backoff)"],
  [{ ...base, type: "resume", from: "deepseek", atChar: 42 }, "goes on at character 42, where deepseek stopped"],
  [reset, "starts the answer again: discard what was shown"],
  [
    { ...base, type: "flush", provider: "deepseek", tokensBefore: 90, tokensAfter: 55 },
    "shortened the context for deepseek from 90 to 55 tokens",
  ],
  [{ ...base, type: "wait", forMs: 1_500, why: "slot" }, "waits about 1.5 s (slot)"],
  [
    { ...base, type: "breaker", provider: "deepseek", model: "m", state: "half-open" },
    "circuit of deepseek (m) is half-open",
  ],
  [{ ...base, type: "wait", forMs: 0, why: "slot" }, "waits (slot)"],
  [{ ...base, type: "wait", forMs: 10_800_000, why: "off-peak" }, "waits 3.0 h (off-peak)"],
  [
    { ...base, type: "breaker", provider: "deepseek", model: "m", state: "open", until: base.at + 8_200 },
    "circuit of deepseek (m) is open, for 8.2 s",
  ],
  [
    { ...base, type: "limit", provider: "deepseek", model: "m", limit: 5 },
    "at most 5 requests at once to deepseek (m)",
  ],
  [{ ...base, type: "warning", code: "retired_model", message: "use deepseek-flash" }, "use deepseek-flash"],
  [{ ...base, type: "call-end", report }, "call succeeded after 1.0 s, 2 attempts"],
  [{ ...base, type: "call-end", report: { ...report, attempts: [attempt] } }, "call succeeded after 1.0 s, 1 attempt"],
  [
    { ...base, type: "call-end", report: { ...report, outcome: "failed", error: { code: "busy", message: "said" } } },
    "call failed after 1.0 s, 2 attempts: busy",
  ],
])("every event becomes a line a human can read: %j", (event, line) => {
  expect(describeEvent(event)).toBe(line);
});

test("a line is one line, whatever model name a caller sent or server text an error quotes", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.constantFrom("\n", "\r", "\r\n"), (model, said, end) => {
      const message = `${said}${end}1970-01-01 INFO call succeeded`;
      const hostile = { ...attempt, model: `${model}${end}`, error: { code: "busy" as const, message } };
      expect(describeEvent({ ...base, type: "attempt-end", attempt: hostile })).not.toMatch(/[\r\n]/);
    }),
  );
});

test("a listener gets every event as it is", () => {
  const listener = vi.fn();
  const guarded = guardListener(listener);
  guarded(reset);
  expect(listener.mock.calls).toEqual([[reset]]);
  expect(listener.mock.calls[0]?.[0]).toBe(reset);
});

test("what a listener throws is swallowed and warned about once; it is told the next event all the same", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const mistake = new Error("in the listener");
  const listener = vi.fn(() => {
    throw mistake;
  });
  const guarded = guardListener(listener);
  guarded(reset);
  guarded(reset);
  expect(listener).toHaveBeenCalledTimes(2);
  expect(warn.mock.calls).toEqual([["resilient-deepseek: onEvent threw; what it throws is ignored.", mistake]]);
});

test("each listener has a warning of its own", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const broken = () => {
    throw undefined;
  };
  guardListener(broken)(reset);
  guardListener(broken)(reset);
  expect(warn).toHaveBeenCalledTimes(2);
});

test("a listener that is an async function cannot end the process with its rejection", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const listener = async () => {
    throw new Error("in the async listener");
  };
  // The type of a listener promises nothing to wait for, and yet lets async functions through.
  guardListener(listener as () => void)(reset);
  expect(await unhandledRejections()).toEqual([]);
});
