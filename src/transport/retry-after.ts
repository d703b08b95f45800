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
  if (exact) return exact;
  const value = headers.get("retry-after");
  if (value === null) return exact;
  const inSeconds = asDelay(value, 1000);
  if (inSeconds !== undefined) return inSeconds;
  const until = asDate(value);
  if (Number.isNaN(until)) return undefined;
  const serverTime = asDate(headers.get("date") ?? "");
  const delay = until - (Number.isNaN(serverTime) ? wallTimeMs : serverTime);
  return Math.min(Math.max(delay, 0), LONGEST_MS);
}

/**
 * Dates as HTTP writes them (`Sun, 06 Nov 1994 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`) or ISO 8601: `Date.parse`
 * makes a date of nearly anything, and takes one without a zone for local time.
 */
function asDate(value: string): number {
  if (/^\s*[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\s*$/.test(value)) return Date.parse(`${value} GMT`);
  const isDate = /^\s*[A-Z][a-z]{2,8},? .{8,24}\d\d:\d\d:\d\d|^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value);
  return isDate ? Date.parse(value) : Number.NaN;
}

/** A header sent twice arrives as a list: the longest wish counts. */
function asDelay(value: string | null, unitMs: number): number | undefined {
  const wishes = value?.split(",") ?? [];
  if (wishes.length === 0 || !wishes.every((wish) => /^\s*\d{1,15}(?:\.\d{1,6})?\s*$/.test(wish))) return undefined;
  // Not `Math.max(...)`: a list may be longer than a call takes arguments.
  return Math.min(wishes.map(Number).reduce((most, wish) => Math.max(most, wish)) * unitMs, LONGEST_MS);
}
