import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fault, fromScript, hintHeaders, pickFault } from "../../../src/testing/faults.ts";
import { seededRandom } from "../../../src/testing/seeded-random.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 400);
const undrawn = () => expect.unreachable("drew a random number");

test("a step of a script is a trouble, the name of one, or none", () => {
  expect(fromScript("ok")).toBeUndefined();
  for (const kind of ["busy", "rate_limited", "cut", "stall", "black_hole", "outage"] as const) {
    expect(fromScript(kind)).toEqual({ kind });
  }
  const step = { kind: "queue", forMs: 5 } as const;
  expect(fromScript(step)).toBe(step);
});

test("a fault without a trigger strikes always, and draws nothing", () => {
  const fault: Fault = { kind: "busy" };
  expect(pickFault([fault], 0, undrawn)).toBe(fault);
  expect(pickFault([fault], 1e12, undrawn)).toBe(fault);
  expect(pickFault([], 0, undrawn)).toBeUndefined();
});

test("a window strikes from its first millisecond on and no longer at its last", () => {
  const fault: Fault = { kind: "outage", fromMs: 100, untilMs: 200 };
  const strikes = [0, 99, 100, 199, 200, 1_000].map((atMs) => pickFault([fault], atMs, undrawn) !== undefined);
  expect(strikes).toEqual([false, false, true, true, false, false]);
});

test("the first fault of the list that strikes counts, and one out of its time draws nothing", () => {
  const later: Fault = { kind: "outage", fromMs: 500, rate: 0.5 };
  const rare: Fault = { kind: "cut", rate: 0.25 };
  const always: Fault = { kind: "busy" };
  let drawn = 0;
  const chance = (value: number) => () => {
    drawn += 1;
    return value;
  };
  const faults = [later, rare, always];
  expect(pickFault(faults, 0, chance(0.2))).toBe(rare);
  expect(drawn).toBe(1);
  expect(pickFault(faults, 0, chance(0.25))).toBe(always);
  expect(drawn).toBe(2);
  expect(pickFault(faults, 500, chance(0.4))).toBe(later);
  expect(drawn).toBe(3);
});

test("a rate strikes its share of the requests, 0 never and 1 always", () => {
  const random = seededRandom(1);
  const count = (rate: number) =>
    Array.from({ length: 2_000 }, () => pickFault([{ kind: "cut", rate }], 0, random)).filter(Boolean).length;
  expect(count(0)).toBe(0);
  expect(count(1)).toBe(2_000);
  expect(count(0.3)).toBeGreaterThan(540);
  expect(count(0.3)).toBeLessThan(660);
});

test("without a hint there is no header", () => {
  expect(hintHeaders({}, NOW)).toEqual({});
  expect(hintHeaders({ form: "date" }, NOW)).toEqual({});
});

test("each form of the hint is its own header", () => {
  expect(hintHeaders({ retryAfterMs: 1_500, form: "ms" }, NOW)).toEqual({ "retry-after-ms": "1500" });
  expect(hintHeaders({ retryAfterMs: 30_000, form: "seconds" }, NOW)).toEqual({ "retry-after": "30" });
  expect(hintHeaders({ retryAfterMs: 30_000 }, NOW)).toEqual({ "retry-after": "30" });
  expect(hintHeaders({ retryAfterMs: 0 }, NOW)).toEqual({ "retry-after": "0" });
  expect(hintHeaders({ retryAfterMs: 30_000, form: "date" }, NOW)).toEqual({
    date: "Thu, 01 Jan 2026 12:00:00 GMT",
    "retry-after": "Thu, 01 Jan 2026 12:00:31 GMT",
  });
});

// RFC 9110, section 10.2.3: delay-seconds = 1*DIGIT. A client that reads digits would come back too early.
test("the form in seconds is a whole number, as HTTP demands, and never earlier than asked", () => {
  expect(hintHeaders({ retryAfterMs: 1_500 }, NOW)).toEqual({ "retry-after": "2" });
  expect(hintHeaders({ retryAfterMs: 1 }, NOW)).toEqual({ "retry-after": "1" });
});

test("a date is never earlier than asked, by the server's clock or by its own date header, and less than 2 s late", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e8 }), fc.integer({ min: 0, max: 1e7 }), (offset, retryAfterMs) => {
      const now = NOW + offset;
      const { date = "", "retry-after": retryAfter = "" } = hintHeaders({ retryAfterMs, form: "date" }, now);
      expect(Date.parse(retryAfter)).toBeGreaterThanOrEqual(now + retryAfterMs);
      expect(Date.parse(retryAfter) - Date.parse(date)).toBeGreaterThanOrEqual(retryAfterMs);
      expect(Date.parse(retryAfter)).toBeLessThan(now + retryAfterMs + 1_000);
      expect(Date.parse(date)).toBeGreaterThan(now - 1_000);
      expect(Date.parse(date)).toBeLessThanOrEqual(now);
    }),
  );
});
