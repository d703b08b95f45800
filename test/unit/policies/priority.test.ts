import { expect, test } from "vitest";
import { checkCallOptions } from "../../../src/check-options.ts";
import { type Priority, priorityNumber } from "../../../src/policies/priority.ts";

test("the names are numbers with room between and beyond them", () => {
  const given: readonly Priority[] = ["high", "normal", "low", 3, -99];
  expect(given.map(priorityNumber)).toEqual([10, 0, -10, 3, -99]);
});

test("anything else is refused", () => {
  for (const value of ["high", "normal", "low", 0, -1.5, Number.POSITIVE_INFINITY])
    expect(() => checkCallOptions({ priority: value as Priority })).not.toThrow();
  for (const value of ["urgent", "toString", Number.NaN, null, {}])
    expect(() => checkCallOptions({ priority: value as Priority })).toThrow(
      'priority must be "high", "normal", "low" or a number',
    );
});
