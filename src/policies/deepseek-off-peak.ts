import { type Check, checkShape, listOf } from "../check-shape.ts";
import { CHINESE_HOLIDAYS, PEAK_HOURS_UTC, PEAK_WEEKDAYS } from "../deepseek-peak-hours.ts";
import type { TimeWindow } from "./off-peak.ts";

/** What to change about DeepSeek's peak hours as they are known here. */
export interface DeepSeekOffPeakOptions {
  /** More public holidays in China, as `"YYYY-MM-DD"`: of a year that was not yet announced. @defaultValue [] */
  readonly holidays?: readonly string[] | undefined;
  /**
   * The peak hours instead of those known here, as pairs of hours in UTC; each from 0 to 24, the second one excluded and later
   * than the first.
   * @defaultValue `[[1, 4], [6, 10]]`
   */
  readonly peakHoursUtc?: readonly (readonly [fromHour: number, toHour: number])[] | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Beijing's clock: the holidays and the days of the week are those of China. */
const BEIJING_MS = 8 * HOUR_MS;

/**
 * The hours in which DeepSeek charges the lower price: all but 01:00 to 04:00 and 06:00 to 10:00 UTC from Monday to Friday,
 * Chinese public holidays excepted. What counts is when a call starts.
 *
 * @throws InvalidOptionsError when a holiday is no date, or a pair of hours is none.
 */
export function deepseekOffPeak(options: DeepSeekOffPeakOptions = {}): TimeWindow {
  checkShape(options, "deepseekOffPeak", { holidays, peakHoursUtc }, { owner: "deepseekOffPeak: " });
  const peaks = options.peakHoursUtc ?? PEAK_HOURS_UTC;
  const free = new Set([...CHINESE_HOLIDAYS, ...(options.holidays ?? [])]);
  /** The end of the peak hours around a time, if there are any: within its day of Beijing's. */
  const peakEnd = (now: number): number | undefined => {
    const day = Math.floor(now / DAY_MS) * DAY_MS;
    const peak = peaks.find(([from, to]) => day + toMs(from) <= now && now < day + toMs(to));
    if (!peak) return undefined;
    const today = Math.floor((now + BEIJING_MS) / DAY_MS) * DAY_MS;
    const beijing = new Date(today);
    const isFree = !PEAK_WEEKDAYS.includes(beijing.getUTCDay()) || free.has(beijing.toISOString().slice(0, 10));
    return isFree ? undefined : Math.min(day + toMs(peak[1]), today + DAY_MS - BEIJING_MS);
  };
  return {
    name: "DeepSeek's off-peak hours",
    isOpen: (now) => peakEnd(now) === undefined,
    nextOpening(now) {
      let at = now;
      // Peaks may follow each other, and days; the weekend ends them all.
      for (let end = peakEnd(at); end !== undefined; end = peakEnd(at)) at = end;
      return at;
    },
  };
}

/** To the millisecond, so that an end is an end: 1.1 hours are no whole number of anything. */
function toMs(hours: number): number {
  return Math.round(hours * HOUR_MS);
}

const isDate = (entry: unknown) =>
  typeof entry === "string" &&
  /^\d{4}-\d\d-\d\d$/.test(entry) &&
  !Number.isNaN(Date.parse(entry)) &&
  new Date(entry).toISOString().startsWith(entry);
const isHour = (entry: unknown) => typeof entry === "number" && entry >= 0 && entry <= 24;
const isPair = (entry: unknown) =>
  Array.isArray(entry) && entry.length === 2 && entry.every(isHour) && entry[0] < entry[1];

const holidays: Check = listOf('a list of dates as "YYYY-MM-DD"', isDate);
const peakHoursUtc: Check = listOf("a list of pairs of hours, as in [[1, 4], [6, 10]]", isPair);
