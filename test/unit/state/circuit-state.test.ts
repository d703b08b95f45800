import { expect, test } from "vitest";
import { cancelled, failedWith, openBy, setUpCircuit, succeeded } from "../../support/circuits.ts";

/** As if a busy server had been silent for long enough. */
const noSilence = { loadSilenceMs: 0 };

test("it opens after five failures in a row, and not before", () => {
  const { circuit, fail, told } = setUpCircuit();
  for (let count = 0; count < 4; count += 1) fail("connection");
  expect(circuit.mayAsk()).toBe("yes");
  fail("connection");
  expect(circuit.mayAsk()).toBe("no");
  expect(told).toEqual([{ state: "open", cause: "dead_host", afterMs: 10_000 }]);
  expect(circuit).toMatchObject({ state: "open", cause: "dead_host", lastCode: "connection" });
});

test("an answer ends the row", () => {
  const { circuit, fail, answer } = setUpCircuit({ minAttempts: 1_000 });
  for (let count = 0; count < 50; count += 1) {
    for (let failures = 0; failures < 4; failures += 1) fail("connection");
    answer();
  }
  expect(circuit.state).toBe("closed");
});

test("it opens when half of at least ten requests of the window failed", () => {
  const { circuit, fail, answer } = setUpCircuit();
  const pair = () => {
    answer();
    fail("connection");
  };
  for (let count = 0; count < 4; count += 1) pair();
  expect(circuit.state).toBe("closed");
  pair();
  expect(circuit.state).toBe("open");
});

test("what is out of the window counts no more, and less than half is not enough", async () => {
  const { circuit, fail, answer, clock } = setUpCircuit();
  for (let count = 0; count < 4; count += 1) {
    answer();
    fail("connection");
  }
  await clock.advance(33_000);
  answer();
  fail("connection");
  expect(circuit.state).toBe("closed");
  for (let count = 0; count < 100; count += 1) {
    answer();
    answer();
    fail("connection");
  }
  expect(circuit.state).toBe("closed");
});

test("of many requests sent together, the refused ones come back first: the others count until they are known", () => {
  const { circuit, ask } = setUpCircuit();
  const trials = Array.from({ length: 100 }, ask);
  for (const trial of trials.slice(0, 30)) trial.end(failedWith("connection"));
  expect(circuit.state).toBe("closed");
  for (const trial of trials.slice(30, 60)) trial.end(cancelled);
  expect(circuit.state).toBe("closed");
  trials[60]?.end(failedWith("connection"));
  expect(circuit.state).toBe("closed");
  for (const trial of trials.slice(61, 70)) trial.end(failedWith("connection"));
  expect(circuit.state).toBe("open");
});

test("a busy server is left alone for 2 s doubling to 15 s, a dead host for 10 s doubling to 20 s", async () => {
  for (const [code, times] of [
    ["busy", [2_000, 4_000, 8_000, 15_000, 15_000]],
    ["connection", [10_000, 20_000, 20_000]],
  ] as const) {
    const world = setUpCircuit(noSilence);
    openBy(code, world);
    for (const _ of times.slice(1)) {
      await world.clock.advance(world.circuit.readyAt() - world.clock.now());
      world.fail(code);
    }
    expect(world.told.filter(({ state }) => state === "open").map(({ afterMs }) => afterMs)).toEqual(times);
  }
});

test("another cause begins with its own time", async () => {
  const world = setUpCircuit(noSilence);
  openBy("busy", world);
  for (const code of ["busy", "connection", "busy"] as const) {
    await world.clock.advance(20_000);
    world.fail(code);
  }
  const opened = world.told.filter(({ state }) => state === "open");
  expect(opened.map(({ afterMs }) => afterMs)).toEqual([2_000, 4_000, 10_000, 2_000]);
});

test("a refused account closes the way at once, for 15 minutes, until it is reset", async () => {
  const world = setUpCircuit();
  world.fail("authentication");
  expect(world.told).toEqual([{ state: "open", cause: "account", afterMs: 900_000 }]);
  expect(world.circuit.mayAsk(true)).toBe("no");
  await world.clock.advance(899_999);
  expect(world.circuit.mayAsk(true)).toBe("no");
  world.circuit.reset();
  expect(world.circuit.mayAsk()).toBe("yes");
  expect(world.told.at(-1)).toEqual({ state: "closed" });
});

test("what was asked with the old key says nothing of the new one", () => {
  const { circuit, ask, fail } = setUpCircuit();
  const [late, inTime] = [ask(), ask()];
  fail("authentication");
  circuit.reset();
  late.end(failedWith("authentication"));
  expect(circuit.mayAsk()).toBe("yes");
  circuit.reset();
  inTime.end(failedWith("authentication"));
  expect(circuit.mayAsk()).toBe("yes");
});

test("every time it opens it is up to a fifth shorter, by chance", () => {
  for (const [random, afterMs] of [
    [0, 10_000],
    [0.5, 9_000],
    [0.999, 8_002],
  ] as const) {
    const world = setUpCircuit({}, () => random);
    openBy("connection", world);
    expect(world.told[0]?.afterMs).toBeCloseTo(afterMs, 0);
  }
});

test("a busy server that answers anybody within five seconds is full, not down", async () => {
  const { circuit, fail, answer, clock } = setUpCircuit();
  for (let ms = 0; ms < 60_000; ms += 100) {
    // Nineteen of twenty are refused, and every four seconds somebody is answered.
    if (ms % 4_000 === 0) answer();
    else fail("busy");
    await clock.advance(100);
  }
  expect(circuit.state).toBe("closed");
  // From the first refusal after the last answer on.
  for (let ms = 0; ms < 1_200; ms += 100) {
    expect(circuit.state).toBe("closed");
    fail("busy");
    await clock.advance(100);
  }
  expect(circuit.state).toBe("open");
});

test("a failure of long ago does not make the first refusals of a burst look like a long silence", async () => {
  const { circuit, ask, fail, clock } = setUpCircuit();
  fail("busy");
  await clock.advance(3_600_000);
  const burst = Array.from({ length: 20 }, ask);
  for (const trial of burst.slice(0, 12)) trial.end(failedWith("busy"));
  expect(circuit.state).toBe("closed");
});

test("answers that break off count as failures: five of them in a row open it, though each had begun", async () => {
  const { circuit, ask, clock, told } = setUpCircuit({ minAttempts: 1_000 });
  for (let count = 0; count < 5; count += 1) {
    expect(circuit.state).toBe("closed");
    const trial = ask();
    trial.head();
    await clock.advance(2_000);
    trial.end(failedWith("stream_interrupted"));
  }
  expect(told).toEqual([{ state: "open", cause: "load", afterMs: 2_000 }]);
});

test("one that broke off is a failure and no answer, in the share too", async () => {
  const { circuit, ask, answer, clock } = setUpCircuit({ inARow: Number.POSITIVE_INFINITY, ...noSilence });
  const cut = async () => {
    const trial = ask();
    trial.head();
    await clock.advance(10);
    trial.end(failedWith("stream_interrupted"));
  };
  for (let count = 0; count < 4; count += 1) {
    await cut();
    answer();
  }
  await cut();
  expect(circuit.state).toBe("closed");
  await cut();
  expect(circuit.state).toBe("open");
});

test("a server that only counts requests (429) is alive", () => {
  const { circuit, fail } = setUpCircuit();
  for (let count = 0; count < 100; count += 1) fail("rate_limited");
  expect(circuit.state).toBe("closed");
  for (let count = 0; count < 4; count += 1) fail("connection");
  fail("rate_limited");
  for (let count = 0; count < 4; count += 1) fail("connection");
  expect(circuit.state).toBe("closed");
});

test("cancelled requests say nothing, however many there are", () => {
  const { circuit, ask, fail } = setUpCircuit();
  for (let count = 0; count < 100; count += 1) ask().end(cancelled);
  for (let count = 0; count < 4; count += 1) fail("connection");
  for (let count = 0; count < 100; count += 1) ask().end(cancelled);
  expect(circuit.state).toBe("closed");
  fail("connection");
  expect(circuit.state).toBe("open");
});

test("a request ends once, and has one head, whatever it is told", () => {
  const { circuit, ask } = setUpCircuit();
  const trial = ask();
  trial.head();
  trial.head();
  trial.end(succeeded);
  for (let count = 0; count < 20; count += 1) trial.end(failedWith("authentication"));
  trial.head();
  expect(circuit.state).toBe("closed");
});
