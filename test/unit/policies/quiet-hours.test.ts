import fc from "fast-check";
import { expect, test } from "vitest";
import { type QuietHoursOptions, quietHours } from "../../../src/policies/quiet-hours.ts";

const at = (text: string) => Date.parse(text);
const opening = (options: QuietHoursOptions, now: string) =>
  new Date(quietHours(options).nextOpening(at(now))).toISOString();

test("open from the first minute to the last, in the given time zone, UTC where none is given", () => {
  const hours = quietHours({ from: "01:00", to: "05:00" });
  const isOpen = ["00:59:59.999", "01:00:00.000", "04:59:59.999", "05:00:00.000"].map((time) =>
    hours.isOpen(at(`2026-03-10T${time}Z`)),
  );
  expect(isOpen).toEqual([false, true, true, false]);
  expect(hours.name).toBe("01:00 to 05:00 UTC");
  const tokyo = quietHours({ from: "01:00", to: "05:00", timeZone: "Asia/Tokyo" });
  expect([tokyo.isOpen(at("2026-03-09T16:00Z")), tokyo.isOpen(at("2026-03-10T01:00Z"))]).toEqual([true, false]);
});

test("while it is open the next opening is now, else the next time they begin, today or tomorrow", () => {
  const hours = { from: "01:00", to: "05:00" };
  expect(opening(hours, "2026-03-10T03:21:00.123Z")).toBe("2026-03-10T03:21:00.123Z");
  expect(opening(hours, "2026-03-10T00:00Z")).toBe("2026-03-10T01:00:00.000Z");
  expect(opening(hours, "2026-03-10T05:00Z")).toBe("2026-03-11T01:00:00.000Z");
  expect(opening(hours, "2026-12-31T23:59:59.999Z")).toBe("2027-01-01T01:00:00.000Z");
});

test("hours over midnight belong together, and 24:00 is midnight", () => {
  const night = quietHours({ from: "22:30", to: "06:00" });
  const isOpen = ["22:29", "22:30", "23:59", "00:00", "05:59", "06:00"].map((time) =>
    night.isOpen(at(`2026-03-10T${time}Z`)),
  );
  expect(isOpen).toEqual([false, true, true, true, true, false]);
  expect(opening({ from: "22:30", to: "06:00" }, "2026-03-10T12:00Z")).toBe("2026-03-10T22:30:00.000Z");
  const evening = quietHours({ from: "20:00", to: "24:00" });
  expect([evening.isOpen(at("2026-03-10T23:59Z")), evening.isOpen(at("2026-03-11T00:00Z"))]).toEqual([true, false]);
});

test("where the clock is put forward over the beginning, they begin with the change", () => {
  // Berlin, 29 March 2026: 02:00 is 03:00.
  expect(opening({ from: "02:30", to: "06:00", timeZone: "Europe/Berlin" }, "2026-03-28T23:00Z")).toBe(
    "2026-03-29T01:00:00.000Z",
  );
});

test("where it is put forward over all of them, they are left out that day", () => {
  expect(opening({ from: "02:10", to: "02:50", timeZone: "Europe/Berlin" }, "2026-03-28T12:00Z")).toBe(
    "2026-03-30T00:10:00.000Z",
  );
});

test("where it is put back over them, they come twice", () => {
  // Berlin, 25 October 2026: 03:00 is 02:00 again.
  const hours = { from: "02:00", to: "02:30", timeZone: "Europe/Berlin" };
  expect(opening(hours, "2026-10-24T22:00Z")).toBe("2026-10-25T00:00:00.000Z");
  expect(opening(hours, "2026-10-25T00:30Z")).toBe("2026-10-25T01:00:00.000Z");
  expect(opening(hours, "2026-10-25T01:30Z")).toBe("2026-10-26T01:00:00.000Z");
});

test("the day of a change is 23 or 25 hours long for those who wait through it", () => {
  const hours = { from: "12:00", to: "13:00", timeZone: "Europe/Berlin" };
  const waitHours = (now: string) => (at(opening(hours, now)) - at(now)) / 3_600_000;
  expect([waitHours("2026-03-28T12:00Z"), waitHours("2026-10-24T11:00Z"), waitHours("2026-06-01T11:00Z")]).toEqual([
    22, 24, 23,
  ]);
});

/** As few hours and minutes as there are, and places that do something odd. */
const PLACES = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe", // Half an hour of summer time.
  "Asia/Kathmandu", // 5:45 ahead.
  "America/St_Johns",
  "Africa/Casablanca", // Off in Ramadan.
  "Pacific/Apia",
  "+08:00",
];

test("the next opening is what one finds by looking every minute", () => {
  const minutes = fc.integer({ min: 0, max: 24 * 60 - 1 });
  const text = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  // Around the changes of the year, where it is not all the same.
  const day = fc.constantFrom(
    "02-15",
    "03-07",
    "03-08",
    "03-22",
    "03-28",
    "03-29",
    "04-04",
    "10-03",
    "10-24",
    "10-25",
    "11-01",
  );
  fc.assert(
    fc.property(minutes, minutes, minutes, day, fc.constantFrom(...PLACES), (from, to, start, date, timeZone) => {
      fc.pre(from !== to);
      const hours = quietHours({ from: text(from), to: text(to), timeZone });
      const now = at(`2026-${date}T00:00Z`) + start * 60_000;
      let seen = now;
      while (!hours.isOpen(seen)) seen += 60_000;
      expect(new Date(hours.nextOpening(now)).toISOString()).toBe(new Date(seen).toISOString());
      expect(hours.nextOpening(now + 0.25)).toBeGreaterThanOrEqual(now + 0.25);
      expect(hours.isOpen(hours.nextOpening(now))).toBe(true);
    }),
    { numRuns: Number(process.env["PROPERTY_RUNS"] ?? 150) },
  );
});

test.each([
  [{ from: "1:00", to: "05:00" }, 'quietHours: from must be a time as "HH:MM", got a value of type string.'],
  [{ from: "01:00", to: "25:00" }, 'quietHours: to must be a time as "HH:MM", got a value of type string.'],
  [{ from: "01:00" }, 'quietHours: to must be a time as "HH:MM", got a value of type undefined.'],
  [{ from: "00:00", to: "24:00" }, "quietHours: from and to must not be the same time."],
  [
    { from: "01:00", to: "02:00", timeZone: "Mars/Olympus" },
    'quietHours: timeZone must be one that this runtime knows, such as "UTC".',
  ],
  [{ from: "01:00", to: "02:00", timezone: "UTC" }, "quietHours: unknown option timezone. Did you mean timeZone?"],
  [undefined, "quietHours: expected an object of options, got a value of type undefined."],
])("what is no time and no place is refused: %j", (options, message) => {
  expect(() => quietHours(options as QuietHoursOptions)).toThrow(
    expect.objectContaining({ code: "invalid_options", message }),
  );
});
