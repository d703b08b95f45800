import { aString, type Check, checkShape, refuse } from "../check-shape.ts";
import { InvalidOptionsError } from "../error-family.ts";
import type { TimeWindow } from "./off-peak.ts";

/** Hours of every day, by the clock of one place. */
export interface QuietHoursOptions {
  /** When they begin, as `"HH:MM"`. */
  readonly from: string;
  /** When they end, as `"HH:MM"`, that minute excluded; `"24:00"` is midnight. Earlier than `from`: on the next day. */
  readonly to: string;
  /** Whose clock: a name of the IANA database such as `"Europe/Berlin"`, or an offset such as `"+08:00"`. @defaultValue "UTC" */
  readonly timeZone?: string | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * A window that is open at the same hours of every day, as the clock on the wall shows them. Where that clock is put forward
 * over them they are shorter or left out that day; where it is put back, they are longer or come twice.
 *
 * @example
 * quietHours({ from: "22:00", to: "06:00", timeZone: "Europe/Berlin" });
 * @throws InvalidOptionsError when a time or the time zone is none.
 */
export function quietHours(options: QuietHoursOptions): TimeWindow {
  checkShape(options, "quietHours", { from: aTime, to: aTime, timeZone: aString }, { owner: "quietHours: " });
  const { from, to, timeZone = "UTC" } = options;
  aTime(from, "quietHours: from");
  aTime(to, "quietHours: to");
  const [begin, end] = [timeOfDay(from), timeOfDay(to)];
  if (begin === end) throw new InvalidOptionsError("quietHours: from and to must not be the same time.");
  const offsetAt = readOffsets(timeZone);
  const isWithin = (time: number) => (begin < end ? begin <= time && time < end : begin <= time || time < end);
  return {
    name: `${from} to ${to} ${timeZone}`,
    isOpen: (now) => isWithin(modulo(now + offsetAt(now), DAY_MS)),
    nextOpening(now) {
      // From one change of the clock to the next, its time runs evenly.
      for (let at = now; ; ) {
        const offset = offsetAt(at);
        const until = evenUntil(at, offset, offsetAt);
        const time = modulo(at + offset, DAY_MS);
        const opensAt = at + (isWithin(time) ? 0 : modulo(begin - time, DAY_MS));
        if (opensAt < until) return opensAt;
        at = until;
      }
    },
  };
}

const aTime: Check = (value, label) => {
  if (typeof value !== "string" || !/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/.test(value))
    refuse(label, 'a time as "HH:MM"', value);
};

function timeOfDay(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return modulo((hours * 60 + minutes) * MINUTE_MS, DAY_MS);
}

/** How far the clock of a place is ahead of UTC, in milliseconds, at a time. */
function readOffsets(timeZone: string): (at: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    const number = "numeric" as const;
    const fields = { year: number, month: number, day: number, hour: number, minute: number, second: number };
    format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...fields });
  } catch {
    throw new InvalidOptionsError('quietHours: timeZone must be one that this runtime knows, such as "UTC".');
  }
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part as Record<string, number>;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  };
}

/** When the clock is changed next, to the millisecond; a day later where it is not. No place changes it twice a day. */
function evenUntil(at: number, offset: number, offsetAt: (at: number) => number): number {
  let before = Math.floor(at);
  let after = before + DAY_MS;
  if (offsetAt(after) === offset) return after;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
