import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { createTurnLine } from "../../../src/conversation/turn-line.ts";

test("one has the turn; the others get it in the order they came", async () => {
  const line = createTurnLine("queue");
  const order: number[] = [];
  const first = line.take("first");
  for (const at of [1, 2, 3])
    void line.wait("more", undefined).then((turn) => {
      order.push(at);
      expect(line.has(turn)).toBe(true);
      line.end(turn);
    });
  await setImmediate();
  expect(order).toEqual([]);
  expect(() => line.take("another")).toThrow(/another: a turn of this conversation is running/);
  line.end(first);
  // Handed on at once: nobody steps in between.
  expect(() => line.take("another")).toThrow();
  await setImmediate();
  expect(order).toEqual([1, 2, 3]);
  line.end(line.take("now"));
});

test("a turn that yields is gone for whoever had it", async () => {
  const line = createTurnLine("queue");
  const first = line.take("first");
  first.yields = () => true;
  const second = await line.wait("second", undefined);
  expect(line.has(first)).toBe(false);
  line.end(first);
  expect(line.has(second)).toBe(true);
  expect(() => line.take("third")).toThrow();
});

test("whoever is aborted while waiting leaves the line", async () => {
  const line = createTurnLine("queue");
  const first = line.take("first");
  const controller = new AbortController();
  const waiting = line.wait("second", controller.signal);
  controller.abort("no more");
  await expect(waiting).rejects.toBe("no more");
  line.end(first);
  line.end(line.take("third"));
});

test("where nobody may wait, nobody does", async () => {
  const line = createTurnLine("refuse");
  const first = await line.wait("first", undefined);
  await expect(line.wait("second", undefined)).rejects.toMatchObject({ code: "invalid_request" });
  line.end(first);
  expect(line.has(await line.wait("second", undefined))).toBe(true);
});
