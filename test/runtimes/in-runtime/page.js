// Runs the suite in a browser: in its page, or in a worker of it.
import { runCases } from "./conformance.js";

export async function runInPage({ names, control }) {
  const results = [];
  await runCases(names, control, { hasEnvironment: false, isBrowser: true }, (result) => results.push(result));
  return results;
}

export function runInWorker(order) {
  const worker = new Worker("/page-worker.js", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`The worker failed: ${message}`));
    worker.postMessage(order);
  });
}
