import fc from "fast-check";
import { expect, test } from "vitest";
import { type CallLog, createCallLog } from "../../../src/call-log.ts";
import { createCircuitBreaker } from "../../../src/policies/circuit-breaker.ts";
import type { CircuitHealth, Trial } from "../../../src/state/circuit.ts";
import { createVirtualClock, seededRandom } from "../../../src/testing/index.ts";
import { cancelled, type Failure, failedWith, openBy, setUpCircuit, succeeded } from "../../support/circuits.ts";

async function opened(code: Failure = "connection") {
  const world = setUpCircuit({ loadSilenceMs: 0 });
  openBy(code, world);
  const waitMs = world.circuit.readyAt() - world.clock.now();
  await world.clock.advance(waitMs);
  world.told.length = 0;
  return world;
}

test("when its time is over, one request may go and decides; the others wait for it", async () => {
  const { circuit, ask, told } = await opened();
  expect([circuit.state, circuit.mayAsk()]).toEqual(["half-open", "probe"]);
  expect(ask().isProbe).toBe(true);
  expect(circuit.mayAsk()).toBe("no");
  expect(circuit.begin()).toBeUndefined();
  expect(told).toEqual([{ state: "half-open", cause: "dead_host" }]);
});

test("the probe is judged at its head: the others may go while it is still being answered", async () => {
  const { circuit, ask, told, answer } = await opened();
  const probe = ask();
  probe.head();
  expect(circuit.mayAsk()).toBe("yes");
  expect(told.at(-1)).toEqual({ state: "closed" });
  answer();
  probe.end(succeeded);
  expect(circuit.state).toBe("closed");
});

test("after its head the probe is a request like any other: that it broke off counts", async () => {
  const { circuit, ask, fail } = await opened();
  const probe = ask();
  probe.head();
  for (let count = 0; count < 4; count += 1) fail("connection");
  expect(circuit.state).toBe("closed");
  probe.end(failedWith("stream_interrupted"));
  expect(circuit.state).toBe("open");
});

test.each([
  ["an answer without a head", succeeded],
  ["a 429", failedWith("rate_limited")],
])("%s closes it, too", async (_, ending) => {
  const { circuit, ask } = await opened();
  ask().end(ending);
  expect(circuit.state).toBe("closed");
});

test("a probe that fails opens it again, for longer", async () => {
  const { circuit, fail, told } = await opened();
  fail("connection");
  expect(circuit.mayAsk()).toBe("no");
  expect(told.at(-1)).toEqual({ state: "open", cause: "dead_host", afterMs: 20_000 });
});

test("a cancelled probe decides nothing, and the next request may go at once", async () => {
  const { circuit, ask } = await opened();
  ask().end(cancelled);
  expect(circuit.mayAsk()).toBe("probe");
  const next = ask();
  expect(next.isProbe).toBe(true);
  next.head();
  expect(circuit.state).toBe("closed");
});

test("a probe that waits in the server's queue keeps others away for ten seconds, not for as long as it waits", async () => {
  const { circuit, ask, clock } = await opened();
  const queued = ask();
  await clock.advance(9_999);
  expect(circuit.mayAsk()).toBe("no");
  await clock.advance(1);
  expect(circuit.mayAsk()).toBe("probe");
  const second = ask();
  expect(circuit.mayAsk()).toBe("no");
  // The first word decides; the other's comes too late.
  second.head();
  expect(circuit.state).toBe("closed");
  queued.end(failedWith("authentication"));
  expect(circuit.state).toBe("closed");
});

test("what began before it opened says nothing about afterwards: neither a late answer nor a late failure", async () => {
  const world = setUpCircuit();
  const [answered, failing] = [world.ask(), world.ask()];
  openBy("connection", world);
  answered.head();
  answered.end(succeeded);
  expect(world.circuit.state).toBe("open");
  await world.clock.advance(10_000);
  world.answer();
  failing.end(failedWith("authentication"));
  expect(world.circuit.state).toBe("closed");
});

test("an only provider is asked every ten seconds all the same", async () => {
  const world = setUpCircuit();
  openBy("connection", world);
  for (let count = 0; count < 4; count += 1) {
    await world.clock.advance(world.circuit.readyAt() - world.clock.now());
    world.fail("connection");
  }
  const { circuit, clock } = world;
  expect(circuit.readyAt() - clock.now()).toBe(20_000);
  expect([circuit.mayAsk(), circuit.mayAsk(true)]).toEqual(["no", "no"]);
  await clock.advance(10_000);
  expect([circuit.mayAsk(), circuit.mayAsk(true)]).toEqual(["no", "probe"]);
  expect(circuit.begin()).toBeUndefined();
  const probe = circuit.begin(undefined, true);
  expect([circuit.state, circuit.mayAsk(true)]).toEqual(["half-open", "no"]);
  probe?.end(cancelled);
  // The rest of its time runs on for the others.
  expect([circuit.state, circuit.mayAsk()]).toEqual(["open", "no"]);
  await clock.advance(10_000);
  circuit.begin(undefined, true)?.head();
  expect(circuit.state).toBe("closed");
});

test("a change is told with the call whose request brought it about", async () => {
  const clock = createVirtualClock();
  const told: unknown[] = [];
  const onChange = ({ state }: CircuitHealth, log: CallLog | undefined) => told.push([state, log?.callId]);
  const circuit = createCircuitBreaker({ clock, random: () => 0, onChange });
  const ask = (id: string) => circuit.begin(createCallLog(id, clock, undefined));
  const [first, second] = [ask("first"), ask("second")];
  second?.end(failedWith("authentication"));
  first?.end(failedWith("authentication"));
  await clock.advance(900_000);
  ask("third")?.head();
  ask("fourth")?.end(failedWith("authentication"));
  circuit.reset();
  expect(told).toEqual([
    ["open", "second"],
    ["half-open", "third"],
    ["closed", "third"],
    ["open", "fourth"],
    ["closed", undefined],
  ]);
});

test("another process's opening is taken over, spread, and never shortens ours", async () => {
  const { circuit, clock, told, answer } = setUpCircuit({}, () => 0.5);
  const now = clock.now();
  circuit.adopt({ until: now + 10_000, cause: "dead_host" });
  expect(circuit.health()).toEqual({ state: "open", until: now + 11_000, cause: "dead_host" });
  circuit.adopt({ until: now + 5_000, cause: "load" });
  expect(circuit.readyAt()).toBe(now + 11_000);
  circuit.adopt({ until: now + 20_000, cause: "load" });
  expect(circuit.readyAt()).toBe(now + 22_000);
  for (const until of [now - 1, Number.NaN, Number.POSITIVE_INFINITY]) circuit.adopt({ until, cause: "load" });
  expect(circuit.readyAt()).toBe(now + 22_000);
  expect(told).toEqual([]);
  await clock.advance(22_000);
  answer();
  expect(circuit.health()).toEqual({ state: "closed" });
});

test("whatever happens, there is one probe at a time, and it is never shut for good", async () => {
  const act = fc.record({
    do: fc.constantFrom("ask", "ask", "ask", "head", "end", "end", "wait", "reset", "adopt"),
    which: fc.nat(),
    ending: fc.constantFrom(
      succeeded,
      cancelled,
      ...(["busy", "rate_limited", "connection", "stream_interrupted", "authentication"] as const).map(failedWith),
    ),
    ms: fc.constantFrom(1, 500, 3_000, 12_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(act, { maxLength: 150 }), async (seed, acts) => {
      const { circuit, clock } = setUpCircuit({}, seededRandom(seed));
      let open: { trial: Trial; at: number }[] = [];
      for (const { do: what, which, ending, ms } of acts) {
        const one = open[which % Math.max(1, open.length)];
        if (what === "ask") {
          const may = circuit.mayAsk();
          const trial = circuit.begin();
          expect(trial === undefined).toBe(may === "no");
          expect(trial?.isProbe ?? false).toBe(may === "probe");
          if (trial) open.push({ trial, at: clock.now() });
          if (may === "probe") expect(circuit.mayAsk()).toBe("no");
        } else if (what === "head") one?.trial.head();
        else if (what === "end") {
          one?.trial.end(ending);
          open = open.filter((other) => other !== one);
        } else if (what === "wait") await clock.advance(ms);
        else if (what === "reset") circuit.reset();
        else circuit.adopt({ until: clock.now() + ms, cause: "load" });
        expect(circuit.readyAt() - clock.now()).toBeLessThanOrEqual(900_000);
        expect(circuit.state === "closed").toBe(circuit.cause === undefined);
      }
      for (const { trial } of open) trial.end(cancelled);
      await clock.advance(900_000);
      expect(circuit.mayAsk()).not.toBe("no");
    }),
    { numRuns: Number(process.env["PROPERTY_RUNS"] ?? 300) },
  );
});
