import { expect, test } from "vitest";
import { MalformedOutputError } from "../../../src/error-family.ts";
import { isRepairable, repairMalformed } from "../../../src/policies/repair-malformed.ts";
import { makeCall } from "../../support/scripted.ts";

const malformed = new MalformedOutputError("no JSON");

function failed(provider: string, times: number, wire: "stream" | "json" = "stream") {
  const call = makeCall({ wire });
  for (let round = 0; round < times; round += 1) {
    const attempt = call.log.begin({ kind: "first", provider, model: "m", round });
    attempt.end({ outcome: "failed", error: malformed });
  }
  return call;
}

test("a provider whose streamed answer was malformed is asked without streaming, and others as before", () => {
  const call = failed("deepseek", 1);
  expect(repairMalformed(call, "deepseek")).toEqual({ ...call, wire: "json", kind: "repair" });
  expect(repairMalformed(call, "second")).toBe(call);
  expect(repairMalformed(failed("deepseek", 0), "deepseek").wire).toBe("stream");
});

test("it stays so when the repair fails for another reason", () => {
  const call = failed("deepseek", 1);
  call.log.begin({ kind: "repair", provider: "deepseek", model: "m", round: 1 }).end({ outcome: "failed" });
  expect(repairMalformed(call, "deepseek").wire).toBe("json");
});

test("where nothing is streamed there is nothing to change", () => {
  const call = failed("deepseek", 1, "json");
  expect(repairMalformed(call, "deepseek")).toBe(call);
  expect(isRepairable("deepseek", call)).toBe(false);
});

test("one malformed answer is worth a repair, two are not", () => {
  expect([0, 1, 2].map((times) => isRepairable("deepseek", failed("deepseek", times)))).toEqual([false, true, false]);
  expect(isRepairable("second", failed("deepseek", 1))).toBe(false);
});
