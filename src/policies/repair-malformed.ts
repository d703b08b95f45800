import type { Call } from "../call.ts";

/** How often a provider has sent this call an answer that was unusable. */
function malformed(provider: string, { log: { attempts } }: Call): number {
  return attempts.filter((attempt) => attempt.provider === provider && attempt.error?.code === "malformed_output")
    .length;
}

/** Whether a provider's malformed answer may be a fault of its stream, so that it is worth asking before the others. */
export function isRepairable(provider: string, call: Call): boolean {
  return call.wire === "stream" && malformed(provider, call) === 1;
}

/**
 * Changes what is sent to a provider that has answered this call with a broken tool call: it is asked without streaming. What
 * breaks them are the parsers that hosts run over their streams: 2.5 to 5 % of streamed calls were malformed, and none of whole
 * answers (https://github.com/sgl-project/sglang/issues/36339).
 */
export function repairMalformed<C extends Call>(call: C, provider: string): C {
  if (call.wire === "json" || malformed(provider, call) === 0) return call;
  return { ...call, wire: "json", kind: "repair" };
}
