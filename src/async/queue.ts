/** First in, first out, in constant time: `shift` of a long array moves all of it. */
export interface Queue<T> {
  readonly size: number;
  push(entry: T): void;
  take(): T | undefined;
  clear(): void;
}

export function createQueue<T>(): Queue<T> {
  let entries: T[] = [];
  let position = 0;
  return {
    get size() {
      return entries.length - position;
    },
    push: (entry) => void entries.push(entry),
    take() {
      const entry = entries[position];
      position += 1;
      // Empty: what was taken is let go.
      if (position >= entries.length) {
        entries = [];
        position = 0;
      }
      return entry;
    },
    clear() {
      entries = [];
      position = 0;
    },
  };
}
