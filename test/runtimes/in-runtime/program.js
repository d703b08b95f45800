// Runs the suite in Node, Bun and Deno: one line of JSON a case.
import { runCases } from "./conformance.js";

const { CASES, CONTROL } = globalThis.process.env;
await runCases(JSON.parse(CASES), CONTROL, { hasEnvironment: true, isBrowser: false }, (result) =>
  console.log(JSON.stringify(result)),
);
