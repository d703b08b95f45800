// Runs the suite in a worker of a page, where import maps do not count: the package is imported by its path.
import { runCases } from "./conformance-by-path.js";

addEventListener("message", async ({ data: { names, control } }) => {
  const results = [];
  await runCases(names, control, { hasEnvironment: false, isBrowser: true }, (result) => results.push(result));
  postMessage(results);
});
