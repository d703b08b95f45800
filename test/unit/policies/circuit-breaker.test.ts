import { expect, test } from "vitest";
import { checkShape } from "../../../src/check-shape.ts";
import { BusyError, RateLimitedError } from "../../../src/error-family.ts";
import {
  BREAKER_DEFAULTS,
  breakerShape,
  circuitBreaker,
  circuitOpenError,
} from "../../../src/policies/circuit-breaker.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { openBy, setUpCircuit } from "../../support/circuits.ts";
import { makeReply, textChunk } from "../../support/scripted.ts";

test("a request that may not go is not sent, and its call is told when and why", async () => {
  const world = setUpCircuit();
  const call = makeAttempt({ clock: world.clock });
  openBy("connection", world);
  const asked: unknown[] = [];
  const send = circuitBreaker(world.circuit)(call, async (sent) => {
    asked.push(sent);
    return makeReply([]);
  });
  await expect(send).rejects.toMatchObject({
    code: "circuit_open",
    retryable: true,
    retryAt: world.clock.now() + 10_000,
    provider: "scripted",
    model: "deepseek-flash",
    message: "scripted (deepseek-flash) kept failing (connection) and is left alone for another 10 s.",
  });
  expect(asked).toEqual([]);
});

test("where the account is refused, waiting is no remedy, and the message names one", () => {
  const world = setUpCircuit();
  world.fail("authentication");
  expect(circuitOpenError(world.circuit, makeAttempt({ clock: world.clock }))).toMatchObject({
    retryable: false,
    message:
      "scripted (deepseek-flash) refused the account (authentication) and is not asked for another 900 s: look at its key, balance and permissions.",
  });
});

test("it learns from what is thrown, at once", async () => {
  const { circuit, clock } = setUpCircuit({ loadSilenceMs: 0 });
  const busy = new BusyError("busy");
  const send = () => circuitBreaker(circuit)(makeAttempt({ clock }), () => Promise.reject(busy));
  for (let count = 0; count < 5; count += 1) await expect(send()).rejects.toBe(busy);
  expect(circuit.state).toBe("open");
});

test("it learns from the head, and from how the answer ended", async () => {
  const world = setUpCircuit();
  openBy("connection", world);
  await world.clock.advance(10_000);
  const reply = makeReply([textChunk("hi")]);
  const given = await circuitBreaker(world.circuit)(makeAttempt({ clock: world.clock }), async () => reply);
  expect(given).toBe(reply);
  expect(world.circuit.state).toBe("closed");
  reply.cancel();
  await reply.closed;
  expect(world.circuit.state).toBe("closed");
});

test.each([
  ["the caller aborted", AbortSignal.abort("enough"), new BusyError("busy")],
  ["something else was thrown", new AbortController().signal, new Error("a bug")],
])("when %s, a probe is freed and nothing is learned", async (_, signal, error) => {
  const world = setUpCircuit();
  openBy("connection", world);
  await world.clock.advance(10_000);
  const send = circuitBreaker(world.circuit)(makeAttempt({ clock: world.clock, signal }), () => Promise.reject(error));
  await expect(send).rejects.toBe(error);
  expect(world.circuit.mayAsk()).toBe("probe");
});

test("a 429 on the probe lets the others go", async () => {
  const world = setUpCircuit();
  openBy("connection", world);
  await world.clock.advance(10_000);
  const slow = new RateLimitedError("slow down");
  await circuitBreaker(world.circuit)(makeAttempt({ clock: world.clock }), () => Promise.reject(slow)).catch(() => {});
  expect(world.circuit.mayAsk()).toBe("yes");
});

test("the defaults are within their own bounds, and an option that is undefined keeps its default", () => {
  expect(() => checkShape(BREAKER_DEFAULTS, "breaker", breakerShape())).not.toThrow();
  expect(Object.keys(breakerShape()).sort()).toEqual(Object.keys(BREAKER_DEFAULTS).sort());
  const world = setUpCircuit({ inARow: undefined });
  openBy("connection", world);
  expect(world.told.length).toBe(1);
});

test.each([
  [{ failureRatio: 0 }, "breaker: failureRatio must be a number above 0 and at most 1, got 0."],
  [{ failureRatio: 1.1 }, "breaker: failureRatio must be a number above 0 and at most 1, got 1.1."],
  [{ minAttempts: 0 }, "breaker: minAttempts must be a whole number from 1, got 0."],
  [{ inARow: 1.5 }, "breaker: inARow must be a whole number from 1, or Infinity, got 1.5."],
  [{ windowMs: Number.POSITIVE_INFINITY }, "breaker: windowMs must be milliseconds from 1, got Infinity."],
  [{ jitter: 1 }, "breaker: jitter must be a number from 0, less than 1, got 1."],
  [{ openMs: 5 }, /^breaker: unknown option openMs\./],
])("options out of range are refused: %j", (options, message) => {
  expect(() => checkShape(options, "breaker", breakerShape(), { owner: "breaker: " })).toThrow(message);
});
