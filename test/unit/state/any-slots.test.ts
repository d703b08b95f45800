import { expect, test } from "vitest";
import type { Ending } from "../../../src/attempt-log.ts";
import { BusyError, RateLimitedError } from "../../../src/error-family.ts";
import { createConcurrencyLimit } from "../../../src/policies/concurrency-limit.ts";
import type { Slot } from "../../../src/state/slots.ts";
import { createVirtualClock, seededRandom } from "../../../src/testing/index.ts";

/** `SLOT_OPERATIONS=1000000` runs the million. */
const OPERATIONS = Number(process.env["SLOT_OPERATIONS"] ?? 100_000);
const SEEDS = [1, 2, 3, 4];

const ENDINGS: readonly (Ending | undefined)[] = [
  { outcome: "succeeded" },
  { outcome: "succeeded" },
  { outcome: "cancelled" },
  undefined,
  { outcome: "failed", error: new BusyError("busy") },
  { outcome: "failed", error: new RateLimitedError("slow down", { concurrencyLimit: 9 }) },
];

test.each(SEEDS)(
  "after any number of random operations all slots are back, and never were too many out (seed %i)",
  async (seed) => {
    const clock = createVirtualClock();
    const random = seededRandom(seed);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
    const slots = createConcurrencyLimit(
      { provider: "a", model: "m", clock },
      { initial: 12, maxQueue: 40, windowMs: 50 },
    );
    const out: Slot[] = [];
    const controllers = new Set<AbortController>();
    const outcomes = { granted: 0, aborted: 0, full: 0 };

    const hold = (slot: Slot) => {
      outcomes.granted += 1;
      out.push(slot);
    };
    const acquire = () => {
      const controller = new AbortController();
      controllers.add(controller);
      const maxWaitMs = pick([5, 100, Number.POSITIVE_INFINITY]);
      slots
        .acquire({ priority: pick([-10, 0, 0, 10]), signal: controller.signal, maxWaitMs })
        .then(hold, (error: unknown) => {
          if (error === "enough") outcomes.aborted += 1;
          else outcomes.full += 1;
        })
        .finally(() => controllers.delete(controller));
    };
    const act = () => {
      const before = slots.inFlight;
      const roll = random();
      if (roll < 0.35) acquire();
      else if (roll < 0.45) {
        const slot = slots.tryAcquire();
        if (slot) hold(slot);
      } else if (roll < 0.55) pick([...controllers])?.abort("enough");
      else {
        const [slot] = out.splice(Math.floor(random() * out.length), 1);
        slot?.release(pick(ENDINGS));
        // Once more does nothing.
        if (roll > 0.9) slot?.release(pick(ENDINGS));
      }
      // Whoever is let in is let in under the limit; a limit that falls takes nobody's slot.
      if (slots.inFlight > slots.limit && slots.inFlight > before) throw new Error("too many are out");
      if (slots.waiting > 40) throw new Error("too many wait");
      // A slot that is free is nobody's who waits.
      if (slots.waiting > 0 && slots.inFlight < slots.limit) throw new Error("somebody waits for a free slot");
    };

    for (let done = 0; done < OPERATIONS / SEEDS.length; done += 1) {
      act();
      if (done % 25 === 0) await clock.advance(pick([0, 1, 10, 200]));
    }
    for (const controller of controllers) controller.abort("enough");
    await clock.advance(1_000);
    for (const slot of out) slot.release();
    expect(slots.health()).toMatchObject({ inFlight: 0, waiting: 0 });
    expect(clock.pending).toBe(0);
    // Each of these happened often enough to mean something.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(100);
  },
);
