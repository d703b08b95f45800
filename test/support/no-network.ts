import { afterEach, expect } from "vitest";
import { forbidden } from "./guard-network.ts";

// A setup file, run for every file of tests; what it looks at is put in place once in a process.
afterEach(() => {
  expect(forbidden.splice(0), "connections outside loopback").toEqual([]);
});
