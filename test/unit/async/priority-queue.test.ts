import fc from "fast-check";
import { expect, test } from "vitest";
import { createPriorityQueue, type Ticket } from "../../../src/async/priority-queue.ts";

test("whoever comes, goes or leaves, it is what a list sorted by priority and age is", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), priority: fc.constantFrom(-10, 0, 0, 10, 2.5) }),
    fc.record({ do: fc.constant("take" as const) }),
    fc.record({ do: fc.constant("remove" as const), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = createPriorityQueue<number>();
      const tickets: Ticket<number>[] = [];
      let list: Ticket<number>[] = [];
      for (const [index, move] of steps.entries()) {
        if (move.do === "push") {
          const ticket = queue.push(index, move.priority);
          tickets.push(ticket);
          list.push(ticket);
          list.sort((a, b) => b.priority - a.priority || a.value - b.value);
        } else if (move.do === "take") expect(queue.take()).toBe(list.shift()?.value);
        else {
          const ticket = tickets[move.which % Math.max(1, tickets.length)];
          if (ticket) expect(queue.remove(ticket)).toBe(list.includes(ticket));
          list = list.filter((other) => other !== ticket);
        }
        expect(queue.size).toBe(list.length);
        for (const priority of [-11, -10, 0, 5, 10, 11])
          expect(queue.ahead(priority)).toBe(list.filter((other) => other.priority >= priority).length);
      }
      for (const { value } of list) expect(queue.take()).toBe(value);
      expect(queue.take()).toBeUndefined();
    }),
  );
});
