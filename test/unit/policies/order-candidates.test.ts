import { expect, test } from "vitest";
import { checkShape } from "../../../src/check-shape.ts";
import type { ClientEvent } from "../../../src/events.ts";
import { anOrder, type Order, orderCandidates } from "../../../src/policies/order-candidates.ts";
import { candidate, clock } from "../../support/candidates.ts";
import { makeCall } from "../../support/scripted.ts";

const names = (order: Order, candidates: readonly ReturnType<typeof candidate>[], call = makeCall({ clock })) =>
  orderCandidates(candidates, order, call).map(({ name }) => name);

test("`ordered` leaves them as they are", () => {
  expect(names("ordered", [candidate("a"), candidate("b")])).toEqual(["a", "b"]);
});

test("`fastest`: who was never asked, then by time to the first token times what is under way", () => {
  const [a, b, c] = [candidate("a"), candidate("b"), candidate("c")];
  a.state.forModel("a-model").sawHead(300);
  b.state.forModel("b-model").sawHead(200);
  expect(names("fastest", [a, b, c])).toEqual(["c", "b", "a"]);
  const slot = b.state.forModel("b-model").slots.tryAcquire();
  expect(names("fastest", [a, b, c])).toEqual(["c", "a", "b"]);
  slot?.release();
});

test("`cheapest`: a prompt weighs three times an answer; equals keep their order, and who has no price comes last", () => {
  const at = (name: string, promptUsd: number, completionUsd: number) =>
    candidate(name, { price: () => ({ promptUsd, completionUsd }) });
  const all = [candidate("x"), candidate("y"), at("a", 1, 2), at("b", 0.5, 3), at("c", 0.5, 3), at("free", 0, 0)];
  expect(names("cheapest", all)).toEqual(["free", "b", "c", "a", "x", "y"]);
});

test("a function is given what is known; each of its names counts once", () => {
  const order: Order = ({ providers }) => [...providers, ...providers].map(({ provider }) => provider).toReversed();
  expect(names(order, [candidate("a"), candidate("b")])).toEqual(["b", "a"]);
});

test("a function that throws, or gives no list, is warned about", () => {
  const events: ClientEvent[] = [];
  const call = makeCall({ clock, onEvent: (event) => events.push(event) });
  const broken = (() => Promise.resolve(["b"])) as unknown as Order;
  expect(names(broken, [candidate("a"), candidate("b")], call)).toEqual(["a", "b"]);
  expect(events).toMatchObject([{ type: "warning", code: "order" }]);
});

test.each(["slowest", 1, null])("no order is %s", (order) => {
  expect(() => checkShape({ order }, "options", { order: anOrder })).toThrow(/"ordered", "fastest", "cheapest"/);
});
