/** Objects and arrays alike: both are written by key. */
type Container = Record<PropertyKey, unknown>;

interface Frame {
  container: Container;
  readonly isArray: boolean;
  /** Where the value stands that was begun last. */
  key: string | number;
  /** What a copy of it costs, in entries of an array. */
  weight: number;
}

/** Beyond some hundred keys, V8 keeps an object as a table, which takes long to copy. */
const OBJECT_ENTRY = 2;
const LARGE_OBJECT = 1_000;
const LARGE_OBJECT_ENTRY = 64;

/**
 * A JSON value while it is read. Snapshots share with each other what did not change between them: what is new stands in
 * new objects and arrays, and nobody's snapshot changes. So a snapshot costs nothing, and the next change a copy of what is still open.
 */
export class GrowingValue {
  #root: Container | undefined;
  readonly #open: Frame[] = [];
  /** Whether somebody has what is open. */
  #isShared = false;

  get depth(): number {
    return this.#open.length;
  }

  get isInArray(): boolean {
    return this.#open.at(-1)?.isArray ?? false;
  }

  /** What the next change after a snapshot would cost. */
  get weight(): number {
    return this.#open.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** The key of the value that is begun next. */
  key(name: string): void {
    const frame = this.#open.at(-1);
    if (frame) frame.key = name;
  }

  /** A value at the next place. */
  begin(value: unknown): void {
    const frame = this.#open.at(-1);
    if (!frame) return;
    if (frame.isArray) frame.key = frame.container["length"] as number;
    frame.weight += frame.isArray ? 1 : frame.weight < LARGE_OBJECT ? OBJECT_ENTRY : LARGE_OBJECT_ENTRY;
    this.grow(value);
  }

  /** The value begun last is this by now. */
  grow(value: unknown): void {
    this.#own();
    const frame = this.#open.at(-1);
    if (frame) write(frame.container, frame.key, value);
  }

  open(isArray: boolean): void {
    // An array is written by its indices, as an object is by its keys.
    const container = (isArray ? [] : {}) as Container;
    this.begin(container);
    this.#root ??= container;
    this.#open.push({ container, isArray, key: "", weight: 0 });
  }

  close(): void {
    this.#open.pop();
  }

  /** The value so far, which nothing changes any more. */
  snapshot(): unknown {
    this.#isShared = true;
    return this.#root;
  }

  #own(): void {
    if (!this.#isShared) return;
    this.#isShared = false;
    let parent: Frame | undefined;
    for (const frame of this.#open) {
      frame.container = copy(frame);
      if (parent) write(parent.container, parent.key, frame.container);
      else this.#root = frame.container;
      parent = frame;
    }
  }
}

function copy({ container, isArray }: Frame): Container {
  return isArray ? ((container as unknown as unknown[]).slice() as unknown as Container) : { ...container };
}

/** As `JSON.parse` does: `__proto__` is a key like any other, and no prototype. */
function write(container: Container, key: string | number, value: unknown): void {
  if (key !== "__proto__") container[key] = value;
  else Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}
