import { expect, test } from "vitest";
import { CHINESE_HOLIDAYS, PEAK_WEEKDAYS } from "../../../src/deepseek-peak-hours.ts";
import { type DeepSeekOffPeakOptions, deepseekOffPeak } from "../../../src/policies/deepseek-off-peak.ts";

const at = (text: string) => Date.parse(text);

test("on weekdays the price is double from 01:00 to 04:00 and from 06:00 to 10:00 UTC", () => {
  const window = deepseekOffPeak();
  const open = (time: string) => window.isOpen(at(`2026-11-18T${time}Z`));
  const times = ["00:59:59.999", "01:00", "03:59:59.999", "04:00", "05:59", "06:00", "09:59:59.999", "10:00", "23:59"];
  expect(times.map(open)).toEqual([true, false, false, true, true, false, false, true, true]);
});

test("at weekends and on Chinese holidays it is not, and a Saturday that is worked is a Saturday", () => {
  const window = deepseekOffPeak();
  for (const day of ["2026-11-21", "2026-11-22", "2026-10-01", "2026-02-23", "2026-10-10"])
    expect(window.isOpen(at(`${day}T02:00Z`)), day).toBe(true);
  expect(window.isOpen(at("2026-10-08T02:00Z"))).toBe(false);
});

test("the next opening is the end of the peak, or now", () => {
  const window = deepseekOffPeak();
  const opening = (time: string) => new Date(window.nextOpening(at(time))).toISOString();
  expect(opening("2026-11-18T01:00Z")).toBe("2026-11-18T04:00:00.000Z");
  expect(opening("2026-11-18T06:30:00.001Z")).toBe("2026-11-18T10:00:00.000Z");
  expect(opening("2026-11-18T12:34:56.789Z")).toBe("2026-11-18T12:34:56.789Z");
});

test("holidays of a year that was not announced when this was written can be added", () => {
  const day = at("2027-02-08T02:00Z");
  expect(deepseekOffPeak().isOpen(day)).toBe(false);
  expect(deepseekOffPeak({ holidays: ["2027-02-08"] }).isOpen(day)).toBe(true);
  expect(deepseekOffPeak({ holidays: ["2027-02-08"] }).isOpen(at("2026-10-01T02:00Z"))).toBe(true);
});

test("other hours can be given: those that follow each other are waited through, and days are those of Beijing", () => {
  const window = deepseekOffPeak({
    peakHoursUtc: [
      [15.5, 24],
      [0, 1.1],
    ],
  });
  // Friday evening in UTC is Saturday in Beijing from 16:00 on.
  expect(window.isOpen(at("2026-11-20T15:45Z"))).toBe(false);
  expect(window.isOpen(at("2026-11-20T16:00Z"))).toBe(true);
  const opening = (time: string) => new Date(window.nextOpening(at(time))).toISOString();
  expect(opening("2026-11-20T15:45Z")).toBe("2026-11-20T16:00:00.000Z");
  expect(opening("2026-11-18T23:00Z")).toBe("2026-11-19T01:06:00.000Z");
  // All day long: the weekend is the next opening.
  const always = deepseekOffPeak({ peakHoursUtc: [[0, 24]] });
  expect(new Date(always.nextOpening(at("2026-11-18T03:00Z"))).toISOString()).toBe("2026-11-20T16:00:00.000Z");
});

test("the holidays are dates in order, each once, on days that would be peak days", () => {
  expect([...new Set(CHINESE_HOLIDAYS)].toSorted()).toEqual(CHINESE_HOLIDAYS);
  for (const day of CHINESE_HOLIDAYS) expect(PEAK_WEEKDAYS, day).toContain(new Date(`${day}T00:00Z`).getUTCDay());
});

test.each([
  { holidays: ["2027-2-8"] },
  { holidays: ["2027-02-30"] },
  { holidays: [20270208] },
  { peakHoursUtc: [[4, 1]] },
  { peakHoursUtc: [[1, 25]] },
  { peakHoursUtc: [1, 4] },
  { hours: [] },
])("what is no date and no hour is refused: %j", (options) => {
  expect(() => deepseekOffPeak(options as unknown as DeepSeekOffPeakOptions)).toThrow(
    expect.objectContaining({ code: "invalid_options" }),
  );
});
