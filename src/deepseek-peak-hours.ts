/**
 * When DeepSeek charges double: China's office hours.
 * Source: https://api-docs.deepseek.com/zh-cn/quick_start/pricing, read 2026-11-15. The rule changed several times in 2026 (in
 * August it had no exception for weekends); where it changes again, this file is what changes.
 */
export const PEAK_HOURS_UTC: readonly (readonly [fromHour: number, toHour: number])[] = [
  [1, 4],
  [6, 10],
];

/** Of the week, 0 is Sunday. A Saturday that is worked to make up for a holiday is no weekday of the rule's. */
export const PEAK_WEEKDAYS: readonly number[] = [1, 2, 3, 4, 5];

/**
 * Chinese public holidays that fall on a weekday, as dates in Beijing; in peak hours, UTC has the same date.
 * Source: General Office of the State Council, notice of 2025-11-04 on the holidays of 2026. The next year's is published each
 * November. A holiday that is missing here makes somebody wait who need not; it never costs more.
 */
export const CHINESE_HOLIDAYS: readonly string[] = [
  // New Year
  "2026-01-01",
  "2026-01-02",
  // Spring Festival
  "2026-02-16",
  "2026-02-17",
  "2026-02-18",
  "2026-02-19",
  "2026-02-20",
  "2026-02-23",
  // Tomb-Sweeping Day
  "2026-04-06",
  // Labour Day
  "2026-05-01",
  "2026-05-04",
  "2026-05-05",
  // Dragon Boat Festival
  "2026-06-19",
  // Mid-Autumn Festival
  "2026-09-25",
  // National Day
  "2026-10-01",
  "2026-10-02",
  "2026-10-05",
  "2026-10-06",
  "2026-10-07",
];

/** Whether DeepSeek charges double at that time. */
export function isPeakTime(now: number): boolean {
  const date = new Date(now);
  const hour = date.getUTCHours();
  // In peak hours, UTC has the date and the weekday of Beijing.
  const isWorkday =
    PEAK_WEEKDAYS.includes(date.getUTCDay()) && !CHINESE_HOLIDAYS.includes(date.toISOString().slice(0, 10));
  return isWorkday && PEAK_HOURS_UTC.some(([from, to]) => from <= hour && hour < to);
}
