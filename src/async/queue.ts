/** First in, first out, in constant time: `shift` of a long array moves all of it. */
export interface Queue<T> {
  readonly size: number;
  push(entry: T): void;
  take(): T | undefined;
  clear(): void;
}

export function createQueue<T>(): Queue<T> {
  return new ArrayQueue();
}

class ArrayQueue<T> implements Queue<T> {
  #entries: T[] = [];
  #position = 0;

  get size(): number {
    return this.#entries.length - this.#position;
  }

  push(entry: T): void {
    this.#entries.push(entry);
  }

  take(): T | undefined {
    const entry = this.#entries[this.#position];
    this.#position += 1;
    // Empty: what was taken is let go.
    if (this.#position >= this.#entries.length) this.clear();
    return entry;
  }

  clear(): void {
    if (this.#entries.length > 0) this.#entries = [];
    this.#position = 0;
  }
}
