import type { AttemptCall, Call } from "../../src/call.ts";
import { makeCall } from "./scripted.ts";

/** A call on its way to a provider, below `fallback`. */
export function makeAttempt(overrides: Parameters<typeof makeCall>[0] & Partial<AttemptCall> = {}): AttemptCall {
  const { provider = "scripted", model = "deepseek-flash", progress, attempt, ...rest } = overrides;
  const call: Call = makeCall(rest);
  return {
    ...call,
    provider,
    model,
    hasOthers: rest.hasOthers ?? false,
    patienceMs: rest.patienceMs ?? Number.POSITIVE_INFINITY,
    slotWaitMs: rest.slotWaitMs ?? 0,
    attempt: attempt ?? call.log.begin({ kind: "first", provider, model, round: 0 }),
    progress: progress ?? { headers() {}, bytes() {}, body() {}, content() {}, head() {}, finish() {}, reading() {} },
    watch: rest.watch,
  };
}
