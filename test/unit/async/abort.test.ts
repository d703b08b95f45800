import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { forwardAbort, ignoreRejection, raceAbort } from "../../../src/async/abort.ts";
import { defer } from "../../../src/async/deferred.ts";
import { unhandledRejections } from "./unhandled-rejections.ts";

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

test.each([
  ["an error", new Error("enough")],
  ["a text", "enough"],
  ["an empty text", ""],
  ["null", null],
  ["zero", 0],
])("an abort is forwarded with the very same reason, though it be %s", (_, reason) => {
  const parent = new AbortController();
  const child = new AbortController();
  forwardAbort(parent.signal, child);
  expect(child.signal.aborted).toBe(false);
  parent.abort(reason);
  expect(child.signal.aborted).toBe(true);
  expect(child.signal.reason).toBe(reason);
  expect(listenersOf(parent.signal)).toBe(0);
});

test("a signal that is aborted already aborts at once and gets no listener", () => {
  const child = new AbortController();
  const parent = AbortSignal.abort("before");
  const unlink = forwardAbort(parent, child);
  expect(child.signal.reason).toBe("before");
  expect(listenersOf(parent)).toBe(0);
  unlink();
});

test("an ended link leaves no listener, forwards nothing, and may be ended twice", () => {
  const parent = new AbortController();
  const child = new AbortController();
  const unlink = forwardAbort(parent.signal, child);
  expect(listenersOf(parent.signal)).toBe(1);
  unlink();
  unlink();
  expect(listenersOf(parent.signal)).toBe(0);
  parent.abort("late");
  expect(child.signal.aborted).toBe(false);
});

test("without a signal there is nothing to forward, and the link still has its end", () => {
  const child = new AbortController();
  forwardAbort(undefined, child)();
  expect(child.signal.aborted).toBe(false);
});

test("the first reason stays: a child that was aborted for its own is not aborted again", () => {
  const parent = new AbortController();
  const child = new AbortController();
  forwardAbort(parent.signal, child);
  child.abort("own");
  parent.abort("parent's");
  expect(child.signal.reason).toBe("own");
});

test("an ignored rejection does not end the process, and whoever waits still gets it", async () => {
  const promise = Promise.reject(new Error("nobody looks"));
  ignoreRejection(promise);
  expect(await unhandledRejections()).toEqual([]);
  await expect(promise).rejects.toThrow("nobody looks");
});

test("what the promise settles with comes through, and the listener goes", async () => {
  const { signal } = new AbortController();
  const onLate = vi.fn();
  const good = raceAbort(Promise.resolve("value"), signal, onLate);
  const bad = raceAbort(Promise.reject(new Error("broken")), signal, onLate);
  expect(listenersOf(signal)).toBe(2);
  await expect(good).resolves.toBe("value");
  await expect(bad).rejects.toThrow("broken");
  expect(listenersOf(signal)).toBe(0);
  expect(onLate).not.toHaveBeenCalled();
});

test("an abort wins with its own reason, and the value that comes too late is handed to onLate once", async () => {
  const controller = new AbortController();
  const { promise, resolve } = defer<string>();
  const onLate = vi.fn();
  const raced = raceAbort(promise, controller.signal, onLate);
  controller.abort("enough");
  await expect(raced).rejects.toBe("enough");
  expect(onLate).not.toHaveBeenCalled();
  resolve("late");
  await promise;
  expect(onLate.mock.calls).toEqual([["late"]]);
  expect(listenersOf(controller.signal)).toBe(0);
});

test("a value and an abort in the same turn: the abort wins and the value is not lost", async () => {
  const controller = new AbortController();
  const { promise, resolve } = defer<string>();
  const onLate = vi.fn();
  const raced = raceAbort(promise, controller.signal, onLate);
  resolve("same turn");
  controller.abort("enough");
  await expect(raced).rejects.toBe("enough");
  expect(onLate.mock.calls).toEqual([["same turn"]]);
});

test("an abort after the value changes nothing", async () => {
  const controller = new AbortController();
  const onLate = vi.fn();
  const raced = raceAbort(Promise.resolve("value"), controller.signal, onLate);
  await raced;
  controller.abort("after");
  await expect(raced).resolves.toBe("value");
  expect(onLate).not.toHaveBeenCalled();
});

test("a signal aborted before the race rejects it, and a late failure is nobody's unhandled rejection", async () => {
  const { promise, reject } = defer<string>();
  const onLate = vi.fn();
  const raced = raceAbort(promise, AbortSignal.abort(null), onLate);
  await expect(raced).rejects.toBe(null);
  reject(new Error("late failure"));
  expect(await unhandledRejections()).toEqual([]);
  expect(onLate).not.toHaveBeenCalled();
});
