// Counts the abort listeners that are set and not yet gone. A listener on a signal that outlives the call would stay for
// as long as the signal lives; a signal that aborted, or that nobody holds any more, keeps none.

/** Who may leave a listener behind, by the file that set it. */
const EXEMPT: readonly RegExp[] = [
  // Node's fetch: `new Request(url, { signal })` listens until the request is collected, through weak references.
  /node:internal/,
  // msw stands for the network, and makes requests as Node does.
  /node_modules\/(?:msw|@mswjs)\//,
  // Vitest listens while a test runs.
  /node_modules\/vitest\//,
  // A test's own stand-in for `fetch` or a host.
  /\/test\//,
];

interface Listening {
  /** Where it was set. Its text is made only when it is read, which is when somebody left it: making it is slow. */
  readonly at: { stack?: string };
}

// By signal and weakly, as the signal itself holds its listeners: what is watched must not live longer for it.
const bySignal = new WeakMap<AbortSignal, Map<unknown, Listening>>();
const signals = new Set<WeakRef<AbortSignal>>();

// Bound below to the signal they were called on.
const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;

AbortSignal.prototype.addEventListener = function addWatched(this: AbortSignal, ...args: Parameters<typeof add>) {
  const [type, listener] = args;
  if (type === "abort" && listener && !this.aborted) note(this, listener, addWatched);
  add.apply(this, args);
};

AbortSignal.prototype.removeEventListener = function (this: AbortSignal, ...args: Parameters<typeof remove>) {
  if (args[0] === "abort") bySignal.get(this)?.delete(args[1]);
  remove.apply(this, args);
};

function note(signal: AbortSignal, listener: unknown, below: (...args: never[]) => unknown): void {
  let listening = bySignal.get(signal);
  if (!listening) {
    listening = new Map();
    bySignal.set(signal, listening);
    signals.add(new WeakRef(signal));
  }
  // A second time the same one is no second listener.
  if (listening.has(listener)) return;
  const at = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(at, below);
  Error.stackTraceLimit = stackTraceLimit;
  listening.set(listener, { at });
}

/** Forgets what was set so far. */
export function forgetListeners(): void {
  for (const reference of signals) {
    const signal = reference.deref();
    if (signal) bySignal.delete(signal);
  }
  signals.clear();
}

/** Where each listener was set that is still there, but for those that may be. */
export function openListeners(): string[] {
  const open: string[] = [];
  for (const reference of signals) {
    const signal = reference.deref();
    if (!signal || signal.aborted) {
      signals.delete(reference);
      continue;
    }
    for (const { at } of bySignal.get(signal)?.values() ?? []) {
      const place = at.stack?.split("\n").at(-1)?.trim() ?? "somewhere";
      if (!EXEMPT.some((pattern) => pattern.test(place))) open.push(place);
    }
  }
  return open;
}
