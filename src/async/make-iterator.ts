/**
 * An iterator of two functions. Not a generator: one that was never started would not hear that it was left. `leave`: nothing more is
 * wanted.
 */
export function makeIterator<T>(
  next: () => Promise<IteratorResult<T>>,
  leave: () => undefined | Promise<unknown>,
): AsyncIterableIterator<T> {
  return {
    next,
    async return() {
      await leave();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
