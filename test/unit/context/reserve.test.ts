import { expect, test } from "vitest";
import { roomInWindow } from "../../../src/context/reserve.ts";

const million = 1_048_576;

test.each([
  [{}, million * 0.98 - 65_536],
  [{ thinking: { type: "disabled" } }, million * 0.98 - 8_192],
  [{ reasoning_effort: "none" }, million * 0.98 - 8_192],
  [{ reasoning_effort: "max" }, million * 0.98 - 131_072],
  [{ max_tokens: 1_000 }, million * 0.98 - 1_000],
  [{ max_tokens: null }, million * 0.98 - 65_536],
] as const)("of a window, the room for the answer and two hundredths are left free: %j", (request, room) => {
  expect(roomInWindow(million, request)).toBe(Math.floor(room));
});

test("what nobody asked for gives way in a small window; what somebody asked for does not", () => {
  expect(roomInWindow(8_000, {})).toBe(5_840);
  expect(roomInWindow(8_000, { max_tokens: 7_999 })).toBe(0);
  expect(roomInWindow(8_000, { max_tokens: 64_000 })).toBe(0);
});
