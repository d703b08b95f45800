/**
 * Aborts `controller` when `signal` aborts, with the same reason. Returns the function that ends the link.
 *
 * Used instead of `AbortSignal.any`, which keeps a listener on a long-lived parent for as long as the parent lives
 * (https://github.com/nodejs/node/issues/52635).
 */
export function forwardAbort(signal: AbortSignal | undefined, controller: AbortController): () => void {
  if (!signal) return () => {};
  const forward = () => controller.abort(signal.reason);
  if (signal.aborted) {
    forward();
    return () => {};
  }
  signal.addEventListener("abort", forward, { once: true });
  return () => signal.removeEventListener("abort", forward);
}

/** Marks a promise as handled, so that whoever may ignore it is not punished with an unhandled rejection. */
export function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

/** Settles with `value`, or rejects with the signal's reason, whichever is first. `onLate` gets what came too late. */
export function raceAbort<T>(value: T | PromiseLike<T>, signal: AbortSignal, onLate: (value: T) => void): Promise<T> {
  const promise = Promise.resolve(value);
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      promise.then(onLate, () => {});
      reject(signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const settle =
      <V>(how: (value: V) => void) =>
      (value: V) => {
        signal.removeEventListener("abort", onAbort);
        how(value);
      };
    promise.then(settle(resolve), settle(reject));
  });
}
