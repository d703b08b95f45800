import { expect, test } from "vitest";
import { defer } from "../../../src/async/deferred.ts";

test("the first of resolve and reject decides, and the handles need no object to stand on", async () => {
  const first = defer<string>();
  const { resolve, reject, promise } = first;
  resolve("first");
  resolve("second");
  reject(new Error("third"));
  await expect(promise).resolves.toBe("first");

  const second = defer<string>();
  second.reject("a reason of any type");
  second.resolve("too late");
  await expect(second.promise).rejects.toBe("a reason of any type");
});

test("it waits for a promise it is resolved with", async () => {
  const inner = defer<number>();
  const outer = defer<number>();
  outer.resolve(inner.promise);
  let isSettled = false;
  const noted = outer.promise.then(() => {
    isSettled = true;
  });
  await Promise.resolve();
  expect(isSettled).toBe(false);
  inner.resolve(7);
  await noted;
  await expect(outer.promise).resolves.toBe(7);
});
