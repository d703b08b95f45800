// Runs the suite in Node, Bun and Deno: one line of JSON a case.
import { runAll } from "./conformance.js";

await runAll(globalThis.process.env.CONTROL, { hasEnvironment: true, isBrowser: false }, (result) =>
  console.log(JSON.stringify(result)),
);
