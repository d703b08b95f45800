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
  const until = Date.parse(value);
  if (Number.isNaN(until)) return undefined;
  const serverTime = Date.parse(headers.get("date") ?? "");
  const delay = until - (Number.isNaN(serverTime) ? wallTimeMs : serverTime);
  return Math.min(Math.max(delay, 0), LONGEST_MS);
}

function asDelay(value: string | null, unitMs: number): number | undefined {
  if (value === null || !/^\s*\d{1,15}(?:\.\d{1,6})?\s*$/.test(value)) return undefined;
  return Math.min(Number(value) * unitMs, LONGEST_MS);
}
