import fc from "fast-check";
import { expect, test } from "vitest";
import { readRetryAfter } from "../../../src/transport/retry-after.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const DAY_MS = 24 * 60 * 60 * 1000;

const read = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), NOW);

test("a response without the headers asks for nothing", () => {
  expect(read({})).toBeUndefined();
  expect(read({ "retry-after": "" })).toBeUndefined();
  expect(read({ "retry-after-ms": "" })).toBeUndefined();
});

test.each([
  ["0", 0],
  ["7", 7_000],
  ["1.5", 1_500],
  [" 12 ", 12_000],
  ["0.25", 250],
])("Retry-After: %s is %i ms", (value, delayMs) => {
  expect(read({ "retry-after": value })).toBe(delayMs);
});

test("retry-after-ms is taken as milliseconds, and wins over Retry-After", () => {
  expect(read({ "retry-after-ms": "1234" })).toBe(1234);
  expect(read({ "retry-after-ms": "10.5", "retry-after": "60" })).toBe(10.5);
});

test("an unreadable retry-after-ms leaves the word to Retry-After", () => {
  expect(read({ "retry-after-ms": "soon", "retry-after": "3" })).toBe(3_000);
  expect(read({ "retry-after-ms": "-1", "retry-after": "3" })).toBe(3_000);
});

test("a date is read against the server's own Date, however wrong our clock is", () => {
  const headers = { "retry-after": "Thu, 01 Jan 2015 00:00:30 GMT", date: "Thu, 01 Jan 2015 00:00:00 GMT" };
  expect(read(headers)).toBe(30_000);
});

test("a date without a readable Date is read against our wall time", () => {
  const inTenSeconds = new Date(NOW + 10_000).toUTCString();
  expect(read({ "retry-after": inTenSeconds })).toBe(10_000);
  expect(read({ "retry-after": inTenSeconds, date: "yesterday" })).toBe(10_000);
});

test("a header sent twice arrives as a list, of which the longest wish counts", () => {
  expect(read({ "retry-after": "30, 30" })).toBe(30_000);
  expect(read({ "retry-after": "5,60" })).toBe(60_000);
});

test("no milliseconds are no word against the seconds beside them", () => {
  expect(read({ "retry-after-ms": "0", "retry-after": "30" })).toBe(30_000);
  expect(read({ "retry-after-ms": "0" })).toBe(0);
});

test("the date form of old servers is in GMT, as the others are", () => {
  expect(read({ "retry-after": "Mon Nov 23 10:00:09 2026", date: "Mon, 23 Nov 2026 10:00:00 GMT" })).toBe(9_000);
  expect(read({ "retry-after": "Sun Nov  1 10:00:09 2026", date: "Sun, 01 Nov 2026 10:00:00 GMT" })).toBe(9_000);
});

test("a date in the past asks for no wait", () => {
  expect(read({ "retry-after": new Date(NOW - 60_000).toUTCString() })).toBe(0);
});

test("a server is believed for a day at most, in each of the three forms", () => {
  expect(read({ "retry-after-ms": "999999999999999" })).toBe(DAY_MS);
  expect(read({ "retry-after": "999999999999" })).toBe(DAY_MS);
  expect(read({ "retry-after": new Date(NOW + 40 * DAY_MS).toUTCString() })).toBe(DAY_MS);
});

test.each(["soon", "-5", "1e3", "0x10", "NaN", "Infinity", "30s", "5, soon", ",", "in 2050", "١٢"])(
  "Retry-After: %s is neither seconds nor a date and asks for nothing",
  (value) => {
    const headers = { get: (name: string) => (name === "retry-after" ? value : null) };
    // `Headers` refuses some of these; a fetch of the user's may not.
    expect(readRetryAfter(headers as unknown as Headers, NOW)).toBeUndefined();
  },
);

test("whatever the headers say, the delay is between nothing and a day", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (afterMs, after, date) => {
      const values: Record<string, string> = { "retry-after-ms": afterMs, "retry-after": after, date };
      const headers = { get: (name: string) => values[name] ?? null };
      const delay = readRetryAfter(headers as unknown as Headers, NOW) ?? 0;
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(DAY_MS);
    }),
  );
});

test("a list of wishes may be longer than a call takes arguments", () => {
  const headers = { get: (name: string) => (name === "retry-after" ? "1,".repeat(300_000).concat("7") : null) };
  // Only `get` is asked for.
  expect(readRetryAfter(headers as Headers, 0)).toBe(7_000);
});
