import type { AttemptCall, Call } from "../../src/call.ts";
import type { Candidate } from "../../src/policies/choose-candidates.ts";
import { fallback } from "../../src/policies/fallback.ts";
import { recordAttempt } from "../../src/policies/record-attempt.ts";
import type { SkipReason } from "../../src/report.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { cleanUp } from "./leaks.ts";
import { makeCall, makeReply, textChunk } from "./scripted.ts";
import { makeState } from "./states.ts";

export const clock = createVirtualClock();
export const nothing = { allowElsewhere: [] };

interface Scripted extends Partial<Candidate> {
  /** What it throws, one a request; `undefined`: it answers. */
  readonly errors?: readonly unknown[];
  readonly reason?: SkipReason;
}

export function candidate(name: string, { errors = [], reason, ...overrides }: Scripted = {}) {
  const left = [...errors];
  const state = overrides.state ?? makeState(name, clock);
  const asked: AttemptCall[] = [];
  const made: Candidate = {
    name,
    afterRounds: 0,
    state,
    model: () => `${name}-model`,
    window: () => undefined,
    unable: () => reason,
    way: () => undefined,
    price: () => undefined,
    hasNewKey: async () => false,
    send: recordAttempt(state, undefined, async (call) => {
      asked.push(call);
      const error = left.shift();
      if (error !== undefined) throw error;
      const reply = makeReply([textChunk(name)]);
      cleanUp(() => reply.cancel());
      return reply;
    }),
    ...overrides,
  };
  return { ...made, asked };
}

export const fails = (
  candidates: readonly Candidate[],
  call: Call = makeCall({ clock }),
  settings: Parameters<typeof fallback>[1] = nothing,
) =>
  fallback(
    candidates,
    settings,
  )(call).then(
    () => {
      throw new Error("answered");
    },
    (error: unknown) => error,
  );
