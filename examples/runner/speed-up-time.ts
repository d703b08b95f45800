/**
 * Lets this process live faster: what waits for a minute waits for a part of it, and finds that a minute has passed.
 * The client and the simulated server both go by `performance.now` and `setTimeout`, so they agree about the time.
 */
export function speedUpTime(speed: number): void {
  const realNow = performance.now.bind(performance);
  const startedAt = realNow();
  performance.now = () => startedAt + (realNow() - startedAt) * speed;
  globalThis.setTimeout = new Proxy(globalThis.setTimeout, {
    apply: (real, self, [action, delayMs = 0, ...rest]) =>
      Reflect.apply(real, self, [action, delayMs / speed, ...rest]),
  });
}
