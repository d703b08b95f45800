import type { ErrorCode } from "../../src/error-codes.ts";
import * as family from "../../src/error-family.ts";
import { type BreakerOptions, createCircuitBreaker } from "../../src/policies/circuit-breaker.ts";
import type { Circuit, CircuitHealth, Trial } from "../../src/state/circuit.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

const ERRORS = {
  busy: new family.BusyError("busy"),
  rate_limited: new family.RateLimitedError("slow down"),
  connection: new family.ConnectionError("refused"),
  stream_interrupted: new family.StreamInterruptedError("cut"),
  authentication: new family.AuthenticationError("wrong key"),
} as const satisfies Partial<Record<ErrorCode, unknown>>;

export type Failure = keyof typeof ERRORS;

export const failedWith = (code: Failure) => ({ outcome: "failed", error: ERRORS[code] }) as const;
export const succeeded = { outcome: "succeeded" } as const;
export const cancelled = { outcome: "cancelled" } as const;

/** A circuit on a clock of its own, without jitter, and what it told. */
export function setUpCircuit(options: BreakerOptions = {}, random = () => 0) {
  const clock = createVirtualClock();
  const startedAt = clock.now();
  const told: (CircuitHealth & { afterMs?: number })[] = [];
  const circuit = createCircuitBreaker(
    {
      clock,
      random,
      onChange: ({ until, ...change }) =>
        told.push({ ...change, ...(until !== undefined && { afterMs: until - clock.now() }) }),
    },
    options,
  );
  const ask = (): Trial => {
    const trial = circuit.begin();
    if (!trial) throw new Error("the circuit is open");
    return trial;
  };
  return {
    circuit,
    clock,
    told,
    ask,
    elapsedMs: () => clock.now() - startedAt,
    fail: (code: Failure) => ask().end(failedWith(code)),
    answer() {
      const trial = ask();
      trial.head();
      trial.end(succeeded);
    },
  };
}

/** Opens a circuit that is closed, for that reason. */
export function openBy(code: Failure, { circuit, fail }: { circuit: Circuit; fail: (code: Failure) => void }): void {
  for (let count = 0; circuit.state === "closed"; count += 1) {
    if (count > 100) throw new Error(`It does not open for ${code}.`);
    fail(code);
  }
}
