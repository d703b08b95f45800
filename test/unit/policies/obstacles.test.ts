import { expect, test } from "vitest";
import { AuthenticationError, ConnectionError } from "../../../src/error-family.ts";
import type { ResilientClientError } from "../../../src/errors.ts";
import { isWorthIt, obstacleOf, openCircuit, readyAt } from "../../../src/policies/obstacles.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { candidate } from "../../support/candidates.ts";
import { makeCall } from "../../support/scripted.ts";
import { makeState } from "../../support/states.ts";

function setUp(hasNewKey = false) {
  const clock = createVirtualClock();
  const state = makeState("a", clock);
  const made = candidate("a", { state, hasNewKey: async () => hasNewKey });
  const { circuit } = state.forModel("a-model");
  const fail = (error: ResilientClientError, times = 1) => {
    for (let count = 0; count < times; count += 1) circuit.begin()?.end({ outcome: "failed", error });
  };
  return { clock, state, made, circuit, fail, call: makeCall({ clock }) };
}

test("nothing keeps a healthy provider from being asked", async () => {
  const { made, call } = setUp();
  expect(await obstacleOf(made, call, true)).toBeUndefined();
  expect(isWorthIt(made, call)).toBe(true);
  expect(readyAt(made, call, true)).toBe(0);
  expect(openCircuit(made, call)).toBeUndefined();
});

test("the time it asked for keeps it away, and is when it is ready", async () => {
  const { made, call, clock, state } = setUp();
  const until = clock.now() + 9_000;
  state.adopt(until);
  expect(await obstacleOf(made, call, true)).toBe("not_before");
  expect(readyAt(made, call, true)).toBe(until);
  expect(isWorthIt(made, call)).toBe(true);
});

test("an open circuit keeps it away until then; an only provider no longer than 10 s", async () => {
  const { made, call, clock, circuit, fail } = setUp();
  fail(new ConnectionError("refused"), 5);
  await clock.advance(10_000);
  fail(new ConnectionError("refused"));
  expect(circuit.state).toBe("open");
  expect(await obstacleOf(made, call, true)).toBe("circuit_open");
  expect(readyAt(made, call, true) - clock.now()).toBe(20_000);
  expect(readyAt(made, call, false) - clock.now()).toBe(10_000);
  expect(isWorthIt(made, call)).toBe(true);
  expect(openCircuit(made, call)).toMatchObject({ code: "circuit_open", retryable: true });
  await clock.advance(10_000);
  expect(await obstacleOf(made, call, true)).toBe("circuit_open");
  expect(await obstacleOf(made, call, false)).toBeUndefined();
});

test("a refused account is worth no wait, until there is another key", async () => {
  const refused = setUp();
  refused.fail(new AuthenticationError("wrong key"));
  expect(await obstacleOf(refused.made, refused.call, false)).toBe("circuit_open");
  expect(isWorthIt(refused.made, refused.call)).toBe(false);
  expect(openCircuit(refused.made, refused.call)).toMatchObject({ retryable: false });
  const renewed = setUp(true);
  renewed.fail(new AuthenticationError("wrong key"));
  expect(await obstacleOf(renewed.made, renewed.call, false)).toBeUndefined();
  expect(renewed.circuit.state).toBe("closed");
});
