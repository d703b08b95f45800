/** Most important first, among equals first come, first served. Every step takes logarithmic time, leaving from the middle included. */
export interface PriorityQueue<T> {
  readonly size: number;
  /** A higher `priority` goes first. The returned ticket is for `remove`. */
  push(value: T, priority: number): Ticket<T>;
  take(): T | undefined;
  /** Takes one out of the middle; `false` when it is gone already. */
  remove(ticket: Ticket<T>): boolean;
  /** How many would go before a newcomer of this priority. */
  ahead(priority: number): number;
}

/** A place in the queue. */
export interface Ticket<T> {
  readonly value: T;
  readonly priority: number;
  /** Counts up with every newcomer. */
  readonly age: number;
  /** Where it stands in the heap; -1 once it left. */
  place: number;
}

export function createPriorityQueue<T>(): PriorityQueue<T> {
  return new HeapQueue();
}

/** A binary heap whose entries know their place in it. */
class HeapQueue<T> implements PriorityQueue<T> {
  readonly #heap: Ticket<T>[] = [];
  /** How many wait with each priority: people use few of them. */
  readonly #counts = new Map<number, number>();
  #lastAge = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(value: T, priority: number): Ticket<T> {
    this.#lastAge += 1;
    const ticket = { value, priority, age: this.#lastAge, place: this.#heap.length };
    this.#heap.push(ticket);
    this.#counts.set(priority, (this.#counts.get(priority) ?? 0) + 1);
    this.#rise(ticket);
    return ticket;
  }

  take(): T | undefined {
    const [first] = this.#heap;
    if (first) this.remove(first);
    return first?.value;
  }

  remove(ticket: Ticket<T>): boolean {
    const { place, priority } = ticket;
    if (place < 0) return false;
    const last = this.#heap.pop();
    ticket.place = -1;
    if (last && last !== ticket) {
      this.#put(last, place);
      this.#rise(last);
      this.#sink(last);
    }
    const left = (this.#counts.get(priority) ?? 0) - 1;
    if (left > 0) this.#counts.set(priority, left);
    else this.#counts.delete(priority);
    return true;
  }

  ahead(priority: number): number {
    let count = 0;
    for (const [other, waiting] of this.#counts) if (other >= priority) count += waiting;
    return count;
  }

  #rise(ticket: Ticket<T>): void {
    for (;;) {
      const parent = this.#heap[(ticket.place - 1) >> 1];
      if (ticket.place === 0 || !parent || goesBefore(parent, ticket)) return;
      this.#swap(parent, ticket);
    }
  }

  #sink(ticket: Ticket<T>): void {
    for (;;) {
      const left = this.#heap[2 * ticket.place + 1];
      const right = this.#heap[2 * ticket.place + 2];
      const first = left && right && goesBefore(right, left) ? right : left;
      if (!first || goesBefore(ticket, first)) return;
      this.#swap(ticket, first);
    }
  }

  #swap(above: Ticket<T>, below: Ticket<T>): void {
    const { place } = above;
    this.#put(above, below.place);
    this.#put(below, place);
  }

  #put(ticket: Ticket<T>, place: number): void {
    ticket.place = place;
    this.#heap[place] = ticket;
  }
}

function goesBefore(one: Ticket<unknown>, other: Ticket<unknown>): boolean {
  return one.priority === other.priority ? one.age < other.age : one.priority > other.priority;
}
