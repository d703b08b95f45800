import { expect, test } from "vitest";
import { loadPart } from "../../src/load-part.ts";

test("a part is loaded with its first use, once, and is there at once from then on", async () => {
  let loads = 0;
  const load = loadPart(async () => ({ loads: ++loads }));
  expect(loads).toBe(0);
  const part = await load();
  expect(part).toEqual({ loads: 1 });
  expect(load()).toBe(part);
});

test("a part that cannot be had is a connection error, and is tried again by the next call", async () => {
  let isOnline = false;
  const load = loadPart(async () => {
    if (!isOnline) throw new TypeError("Failed to fetch dynamically imported module");
    return "part";
  });
  await expect(load()).rejects.toMatchObject({
    code: "connection",
    retryable: true,
    message: expect.stringContaining("could not be loaded"),
    cause: { message: "Failed to fetch dynamically imported module" },
  });
  isOnline = true;
  expect(await load()).toBe("part");
});
