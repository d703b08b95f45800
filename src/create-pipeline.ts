import { type Call, compose, type ProviderCall, type Send } from "./call.ts";
import { isLookUp } from "./endpoints/endpoint.ts";
import { type AttemptTimeouts, attemptTimeouts } from "./policies/attempt-timeouts.ts";
import { type Candidate, chosen, isAble } from "./policies/choose-candidates.ts";
import { circuitBreaker } from "./policies/circuit-breaker.ts";
import { concurrencyLimit } from "./policies/concurrency-limit.ts";
import { continueAnswer, wayToContinue } from "./policies/continue-answer.ts";
import { costLimit, keepCosts, loadSpending } from "./policies/cost-limit.ts";
import { deadline } from "./policies/deadline.ts";
import { fallback } from "./policies/fallback.ts";
import { fitContext, loadFitting } from "./policies/fit-context.ts";
import { guards, loadGuards } from "./policies/guards.ts";
import { offPeak } from "./policies/off-peak.ts";
import type { Order } from "./policies/order-candidates.ts";
import { partsLoaded } from "./policies/parts-loaded.ts";
import { rateLimit } from "./policies/rate-limit.ts";
import { recordAttempt } from "./policies/record-attempt.ts";
import { repairMalformed } from "./policies/repair-malformed.ts";
import { repairRequest } from "./policies/repair-request.ts";
import { resume } from "./policies/resume.ts";
import { retry } from "./policies/retry.ts";
import type { RetryBudget } from "./policies/retry-budget.ts";
import type { Provider } from "./providers/provider.ts";
import { JSON_TIMEOUTS, type Settings } from "./settings.ts";
import type { CostWindow } from "./state/cost-account.ts";
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
  /** What all calls may spend together. */
  readonly costWindow: CostWindow | undefined;
  /** Where others can serve a call too, it waits no longer than that for a slot. */
  readonly spillAfterMs: number;
}

/** The order of everything, outermost first. */
export function createPipeline(settings: Settings, fleet: Fleet): Send {
  const { startMs } = settings.timeouts;
  const { hedge, startWithin, maxCostUsd } = settings;
  const allowElsewhere = [
    ...settings.allowElsewhere,
    ...(settings.guards?.onTrip === "elsewhere" ? (["guard"] as const) : []),
  ];
  const candidates = fleet.members.map((member) => createCandidate(member, settings, fleet));
  const parts = [
    ...(settings.guards ? [loadGuards] : []),
    ...(settings.context ? [loadFitting] : []),
    ...(isLimited(settings, fleet) ? [loadSpending] : []),
  ];
  const canContinue = (call: Call) => chosen(candidates, call).some((candidate) => candidate.way(call));
  return compose(
    [
      ...(parts.length > 0 ? [partsLoaded(parts)] : []),
      ...(startWithin ? [offPeak(startWithin)] : []),
      ...(isLimited(settings, fleet) ? [keepCosts(maxCostUsd, fleet.costWindow)] : []),
      deadline(settings.timeouts),
      resume({ ...settings.resume, allowElsewhere, startMs, canContinue }),
      retry(settings.retry, fleet.budget),
    ],
    fallback(candidates, { allowElsewhere, order: fleet.order, hedge, spillAfterMs: fleet.spillAfterMs }),
  );
}

/**
 * The same for what is looked up. One provider is asked, the first that can be: another one's list or balance is no answer.
 * There is nothing to go on with, to fit, to guard, to pay, to race for, or to wait a night for.
 */
export function createLookUp(settings: Settings, fleet: Fleet): Send {
  const plain: Settings = { ...settings, context: undefined, maxCostUsd: undefined, guards: undefined };
  const free: Fleet = { ...fleet, costWindow: undefined };
  const candidates = free.members.map((member) => createCandidate(member, plain, free));
  return compose([deadline(settings.timeouts), retry(settings.retry, fleet.budget)], (call) => {
    const first = chosen(candidates, call).find((candidate) => isAble(candidate, call));
    return fallback(first ? [first] : candidates, { allowElsewhere: [] })(call);
  });
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
    model: ({ request, endpoint }) => (isLookUp(endpoint) ? request.model : provider.model(request.model)),
    // What is too long is cut.
    window: settings.context ? () => undefined : provider.window,
    keyVariable: provider.keyVariable,
    unable: provider.unable,
    price: provider.price,
    hasNewKey: provider.hasNewKey,
    way: wayOf(provider, settings),
    send: (call) => sendTo(call.model)(repairMalformed(call, provider.name)),
  };
}

function createSend(
  model: ModelState,
  { provider, state, rate }: Member,
  settings: Settings,
  fleet: Fleet,
): Send<ProviderCall> {
  const { timeouts, givenTimeouts, context, guards: guarding } = settings;
  const { circuit, slots } = model;
  const { window, price, prepares, dropsEmptyThinking } = provider;
  const way = wayOf(provider, settings);
  const timedBy = (byWire: Partial<AttemptTimeouts>) => {
    const limits = { ...timeouts, ...byWire, ...provider.hostTimeouts, ...givenTimeouts, ...provider.timeouts };
    return attemptTimeouts(limits as AttemptTimeouts, provider.keepAlives);
  };
  const timed = { stream: timedBy({}), json: timedBy(provider.keepAlives ? {} : JSON_TIMEOUTS) };
  const attempt = compose(
    [
      continueAnswer(way, provider.abilities),
      // One call may be asked in both ways. What is looked up comes as one body, and at once.
      (call, next) => timed[isLookUp(call.endpoint) ? "stream" : call.wire](call, next),
      ...(guarding ? [guards(guarding)] : []),
    ],
    provider.send,
  );
  return compose<ProviderCall>(
    [
      concurrencyLimit(slots),
      ...(rate ? [rateLimit(rate)] : []),
      // Behind the waits: whoever waited while it opened is not sent.
      circuitBreaker(circuit),
      ...(context
        ? [
            fitContext(
              context,
              () => window(model.name),
              model,
              (call) => way(call) !== undefined,
            ),
          ]
        : []),
      repairRequest({ model, prepares, dropsEmptyThinking, windowTokens: context?.windowTokens }),
      ...(isLimited(settings, fleet) ? [costLimit({ state: model, price, way })] : []),
    ],
    recordAttempt(state, fleet.budget, attempt, provider),
  );
}

/** Only those pay for a limit that have one. */
function isLimited({ maxCostUsd }: Settings, { costWindow }: Fleet): boolean {
  return maxCostUsd !== undefined || costWindow !== undefined;
}

function wayOf({ name, abilities }: Provider, { resume: { bestEffort } }: Settings): Candidate["way"] {
  return (call) => wayToContinue(call, name, abilities, bestEffort);
}
