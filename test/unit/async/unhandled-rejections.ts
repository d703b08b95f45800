/** What was rejected unseen until the microtasks are done. The test runner's own listeners are kept away meanwhile. */
export async function unhandledRejections(): Promise<unknown[]> {
  const seen: unknown[] = [];
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (reason) => seen.push(reason));
  // Node reports them when the queue of microtasks is empty: after one turn of the event loop it has.
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners("unhandledRejection");
  for (const listener of listeners) process.on("unhandledRejection", listener);
  return seen;
}
