import { type Call, compose, type Send } from "./call.ts";
import { JSON_TIMEOUTS, type Settings } from "./client-options.ts";
import { type AttemptTimeouts, attemptTimeouts } from "./policies/attempt-timeouts.ts";
import { type Candidate, chosen } from "./policies/choose-candidates.ts";
import { continueAnswer, wayToContinue } from "./policies/continue-answer.ts";
import { deadline } from "./policies/deadline.ts";
import { fallback } from "./policies/fallback.ts";
import { resume } from "./policies/resume.ts";
import { retry } from "./policies/retry.ts";
import type { Provider } from "./providers/provider.ts";
import type { ProviderState } from "./state/provider-state.ts";

/** A provider, and what all calls know of it. */
export interface Member {
  readonly provider: Provider;
  readonly state: ProviderState;
}

/** The order of everything, outermost first. */
export function createPipeline(settings: Settings, members: readonly Member[]): Send {
  const { startMs } = settings.timeouts;
  const { allowElsewhere } = settings;
  const candidates = members.map((member) => createCandidate(member, settings));
  const canContinue = (call: Call) => chosen(candidates, call).some((candidate) => candidate.way(call));
  return compose(
    [
      // off-peak: may wait for a window.
      deadline(settings.timeouts),
      resume({ ...settings.resume, allowElsewhere, startMs, canContinue }),
      retry(settings.retry),
    ],
    fallback(candidates, settings),
  );
}

/** What stands between `fallback` and one provider. */
function createCandidate({ provider, state }: Member, settings: Settings): Candidate {
  const { timeouts, givenTimeouts, wire } = settings;
  const byWire = wire === "json" && !provider.keepAlives ? JSON_TIMEOUTS : {};
  const limits = { ...timeouts, ...byWire, ...provider.hostTimeouts, ...givenTimeouts, ...provider.timeouts };
  const way = (call: Call) => wayToContinue(call, provider.name, provider.abilities, settings.resume.bestEffort);
  return {
    name: provider.name,
    afterRounds: provider.afterRounds,
    state,
    model: ({ request }) => provider.model(request.model),
    window: provider.window,
    keyVariable: provider.keyVariable,
    unable: provider.unable,
    way,
    send: compose(
      [
        continueAnswer(way, provider.abilities),
        // circuit-breaker, rate-limit, concurrency-limit, fit-context.
        attemptTimeouts(limits as AttemptTimeouts, provider.keepAlives),
      ],
      provider.send,
    ),
  };
}
