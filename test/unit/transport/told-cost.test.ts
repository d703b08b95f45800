import { expect, test } from "vitest";
import type { Usage } from "../../../src/chat/chat-response.ts";
import { toldCost } from "../../../src/transport/told-cost.ts";

const told = (fields: object) =>
  toldCost({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, ...fields } as Usage);

test("a host's own word of what an answer cost is read", () => {
  expect(told({ cost: 0.0000764 })).toBe(0.0000764);
  expect(told({ cost: 0, is_byok: false, cost_details: { upstream_inference_cost: 0.5 } })).toBe(0);
});

test("with the user's own key, the host behind it is paid apart", () => {
  expect(told({ cost: 0.25, is_byok: true, cost_details: { upstream_inference_cost: 0.5 } })).toBe(0.75);
  for (const details of [undefined, null, {}, { upstream_inference_cost: null }, { upstream_inference_cost: -1 }])
    expect(told({ cost: 0.25, is_byok: true, cost_details: details })).toBeUndefined();
});

test.each([undefined, null, "0.1", -0.1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1_001, {}, [], true])(
  "a cost of %o is none",
  (cost) => {
    expect(told({ cost })).toBeUndefined();
  },
);

test("no usage tells no cost", () => {
  expect(toldCost(undefined)).toBeUndefined();
});
