import fc from "fast-check";
import { expect, test } from "vitest";
import { createQueue } from "../../../src/async/queue.ts";

test("it gives what a list gives, in the same order", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constantFrom("take", "clear"))), (steps) => {
      const queue = createQueue<number>();
      const list: number[] = [];
      for (const step of steps) {
        if (step === "take") expect(queue.take()).toBe(list.shift());
        else if (step === "clear") {
          queue.clear();
          list.length = 0;
        } else {
          queue.push(step as number);
          list.push(step as number);
        }
        expect(queue.size).toBe(list.length);
      }
    }),
  );
});
