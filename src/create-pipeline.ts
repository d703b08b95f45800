import { type Call, compose, type ProviderCall, type Send } from "./call.ts";
import { type AttemptTimeouts, attemptTimeouts } from "./policies/attempt-timeouts.ts";
import { type Candidate, chosen } from "./policies/choose-candidates.ts";
import { circuitBreaker } from "./policies/circuit-breaker.ts";
import { concurrencyLimit } from "./policies/concurrency-limit.ts";
import { continueAnswer, wayToContinue } from "./policies/continue-answer.ts";
import { deadline } from "./policies/deadline.ts";
import { fallback } from "./policies/fallback.ts";
import { fitContext } from "./policies/fit-context.ts";
import { offPeak } from "./policies/off-peak.ts";
import type { Order } from "./policies/order-candidates.ts";
import { rateLimit } from "./policies/rate-limit.ts";
import { recordAttempt } from "./policies/record-attempt.ts";
import { repairRequest } from "./policies/repair-request.ts";
import { resume } from "./policies/resume.ts";
import { retry } from "./policies/retry.ts";
import type { RetryBudget } from "./policies/retry-budget.ts";
import type { Provider } from "./providers/provider.ts";
import { JSON_TIMEOUTS, type Settings } from "./settings.ts";
import type { ModelState } from "./state/model-state.ts";
import type { ProviderState } from "./state/provider-state.ts";
import type { RateLimit } from "./state/rate.ts";

/** A provider, and what all calls know of it. */
export interface Member {
  readonly provider: Provider;
  readonly state: ProviderState;
  readonly rate: RateLimit | undefined;
}

/** What all calls of a client have in common. */
export interface Fleet {
  readonly members: readonly Member[];
  readonly budget: RetryBudget | undefined;
  readonly order: Order;
  /** Where others can serve a call too, it waits no longer than that for a slot. */
  readonly spillAfterMs: number;
}

/** The order of everything, outermost first. */
export function createPipeline(settings: Settings, fleet: Fleet): Send {
  const { startMs } = settings.timeouts;
  const { allowElsewhere, hedge, startWithin } = settings;
  const candidates = fleet.members.map((member) => createCandidate(member, settings, fleet));
  const canContinue = (call: Call) => chosen(candidates, call).some((candidate) => candidate.way(call));
  return compose(
    [
      ...(startWithin ? [offPeak(startWithin)] : []),
      deadline(settings.timeouts),
      resume({ ...settings.resume, allowElsewhere, startMs, canContinue }),
      retry(settings.retry, fleet.budget),
    ],
    fallback(candidates, { allowElsewhere, order: fleet.order, hedge, spillAfterMs: fleet.spillAfterMs }),
  );
}

/** What stands between `fallback` and one provider. */
function createCandidate(member: Member, settings: Settings, fleet: Fleet): Candidate {
  const { provider, state } = member;
  const sends = new WeakMap<ModelState, Send<ProviderCall>>();
  const sendTo = (model: string) => {
    const shared = state.forModel(model);
    const send = sends.get(shared) ?? createSend(shared, member, settings, fleet);
    sends.set(shared, send);
    return send;
  };
  return {
    name: provider.name,
    afterRounds: provider.afterRounds,
    state,
    model: ({ request }) => provider.model(request.model),
    // What is too long is cut.
    window: settings.context ? () => undefined : provider.window,
    keyVariable: provider.keyVariable,
    unable: provider.unable,
    price: provider.price,
    hasNewKey: provider.hasNewKey,
    way: wayOf(provider, settings),
    send: (call) => sendTo(call.model)(call),
  };
}

function createSend(
  model: ModelState,
  { provider, state, rate }: Member,
  settings: Settings,
  { budget }: Fleet,
): Send<ProviderCall> {
  const { timeouts, givenTimeouts, wire, context } = settings;
  const { circuit, slots } = model;
  const { window } = provider;
  const byWire = wire === "json" && !provider.keepAlives ? JSON_TIMEOUTS : {};
  const limits = { ...timeouts, ...byWire, ...provider.hostTimeouts, ...givenTimeouts, ...provider.timeouts };
  const attempt = compose(
    [
      continueAnswer(wayOf(provider, settings), provider.abilities),
      attemptTimeouts(limits as AttemptTimeouts, provider.keepAlives),
    ],
    provider.send,
  );
  return compose<ProviderCall>(
    [
      concurrencyLimit(slots),
      ...(rate ? [rateLimit(rate)] : []),
      // Behind the waits: whoever waited while it opened is not sent.
      circuitBreaker(circuit),
      ...(context ? [fitContext(context, window(model.name), model)] : []),
      repairRequest({ model, prepares: provider.prepares, windowTokens: context?.windowTokens }),
    ],
    recordAttempt(state, budget, attempt),
  );
}

function wayOf({ name, abilities }: Provider, { resume: { bestEffort } }: Settings): Candidate["way"] {
  return (call) => wayToContinue(call, name, abilities, bestEffort);
}
