// Runs the suite in a browser.
import { runAll } from "./conformance.js";

export async function run(control) {
  const results = [];
  await runAll(control, { hasEnvironment: false, isBrowser: true }, (result) => results.push(result));
  return results;
}
