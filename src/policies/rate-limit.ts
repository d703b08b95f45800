import type { Policy, ProviderCall } from "../call.ts";
import type { RateLimit } from "../state/rate.ts";
import { requireTime } from "./deadline.ts";

/**
 * Lets requests go as fast as the host takes them. Stands next to the request: a turn that is taken and not used at once would
 * be used together with a later one.
 * @throws QueueFullError when too many wait already, or it took too long.
 */
export function rateLimit(rate: RateLimit): Policy<ProviderCall> {
  return async (call, next) => {
    if (!rate.tryTake()) {
      const { clock, log, signal, startBy, priority, patienceMs } = call;
      const maxWaitMs = Math.min(patienceMs, startBy - clock.now());
      const done = log.wait(rate.expectedWaitMs(priority), "slot");
      await rate.take({ priority, signal, maxWaitMs }).finally(done);
      requireTime(call);
    }
    return next(call);
  };
}
