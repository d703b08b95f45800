import { expect, test } from "vitest";
import { BusyError, ClientClosedError, GuardError, TimeoutError } from "../../../src/error-family.ts";
import { asReadingError, endingFor, mayReadOn } from "../../../src/transport/hostile-answer.ts";
import { thrownBy } from "../../support/abort-reasons.ts";

const MEBI = 1024 * 1024;
const kept = { bytes: 0, bytesAtFinish: undefined as number | undefined, hasHead: true, chunks: 0, characters: 0 };
const reads = (seen: Partial<typeof kept>) => mayReadOn({ ...kept, ...seen }, "a (m)", {});

test("an honest answer may be read to its end", () => {
  expect(reads({ bytes: 256 * MEBI, characters: 32 * MEBI })).toBe(true);
  expect(reads({ bytes: 64 * MEBI, hasHead: false, chunks: 65_536 })).toBe(true);
  expect(reads({ bytes: 100 * MEBI, bytesAtFinish: 96 * MEBI })).toBe(true);
});

test("more text than any answer has, or more before its first token, is no answer", () => {
  for (const seen of [
    { characters: 32 * MEBI + 1 },
    { bytes: 256 * MEBI + 1 },
    { bytes: 64 * MEBI + 1, hasHead: false },
    { chunks: 65_537, hasHead: false },
  ]) {
    expect(thrownBy(() => reads(seen))).toMatchObject({
      code: "unexpected_response",
      message: "a (m) sent more than any answer holds.",
    });
  }
});

test("what goes on after the finish is not read for ever", () => {
  expect(reads({ bytes: 5 * MEBI, bytesAtFinish: MEBI - 1 })).toBe(false);
});

test("what is no error of the family becomes one, and keeps its cause", () => {
  const busy = new BusyError("busy");
  expect(asReadingError(busy, "a (m)", {})).toBe(busy);
  const error = asReadingError(new RangeError("too deep"), "a (m)", { provider: "a" });
  expect(error).toMatchObject({ code: "unexpected_response", provider: "a", cause: { message: "too deep" } });
});

test("what a time limit or a guard ends is a failure; what its caller or a closed client leaves is not", () => {
  const slow = new GuardError("slow", { guard: "throughput" });
  const late = new TimeoutError("late", { phase: "content" });
  for (const error of [slow, late]) expect(endingFor(error)).toEqual({ outcome: "failed", error });
  for (const reason of ["enough", undefined, new ClientClosedError("closed")])
    expect(endingFor(reason)).toEqual({ outcome: "cancelled" });
});
