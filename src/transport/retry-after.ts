/** A server that asks for more is believed for a day at most; a number gone wrong must not shut a provider off for good. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/**
 * How long the server asks to be left alone, in milliseconds, in the three forms it may say so: `retry-after-ms`,
 * `Retry-After` in seconds, `Retry-After` as a date. A date is read against the server's own `Date`, so that a wrong
 * clock on either side does not matter. `undefined` when it asks for nothing.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function readRetryAfter(headers: Headers, wallTimeMs: number): number | undefined {
  const exact = asDelay(headers.get("retry-after-ms"), 1);
  if (exact !== undefined) return exact;
  const value = headers.get("retry-after");
  const inSeconds = asDelay(value, 1000);
  if (inSeconds !== undefined || value === null) return inSeconds;
  const until = asDate(value);
  if (Number.isNaN(until)) return undefined;
  const serverTime = asDate(headers.get("date") ?? "");
  const delay = until - (Number.isNaN(serverTime) ? wallTimeMs : serverTime);
  return Math.min(Math.max(delay, 0), LONGEST_MS);
}

/** Dates as HTTP writes them (`Sun, 06 Nov 1994 08:49:37 GMT`) or ISO 8601: `Date.parse` makes a date of nearly anything. */
function asDate(value: string): number {
  const isDate = /^\s*[A-Z][a-z]{2,8},? .{8,24}\d\d:\d\d:\d\d|^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value);
  return isDate ? Date.parse(value) : Number.NaN;
}

function asDelay(value: string | null, unitMs: number): number | undefined {
  if (value === null || !/^\s*\d{1,15}(?:\.\d{1,6})?\s*$/.test(value)) return undefined;
  return Math.min(Number(value) * unitMs, LONGEST_MS);
}
