import type { ChatMessage } from "../chat/chat-request.ts";
import type { FitPlan } from "./fit-context.ts";
import { isRequestEnd } from "./turns.ts";

/** Where a conversation was cut last, and what was kept of what stood before. */
export interface Cut {
  readonly plan: FitPlan;
  readonly kept: readonly ChatMessage[];
  /** From there on nothing was cut. */
  readonly cutAt: number;
  /** Of all that stands before it. */
  readonly tokensBefore: number;
  readonly applied: readonly string[];
}

/** What stood before the cut, so that a message is noticed that was changed or pinned since. */
interface Known extends Cut {
  readonly looks: readonly object[];
  readonly pinned: ReadonlySet<ChatMessage>;
}

/** A conversation may be fitted to several hosts. */
const CUTS_EACH = 4;

/** By the last message before the cut: what is forgotten there is forgotten here, and many conversations may begin alike. */
const known = new WeakMap<ChatMessage, readonly Known[]>();

/** So that a conversation that grew by a turn is not gone through from its beginning. `last`: the cut it takes the place of. */
export function remember(messages: readonly ChatMessage[], cut: Cut, last: Cut | undefined): void {
  const { counter, goal } = cut.plan;
  const before = messages.slice(0, cut.cutAt);
  const looks = before.map((message) => counter.look(message));
  const pinned = new Set(before.filter((message) => goal.isPinned(message)));
  const others = cutsAt(messages, cut.cutAt).filter(({ plan }) => !isAlike(plan, cut.plan));
  known.set(before.at(-1) as ChatMessage, [{ ...cut, looks, pinned }, ...others].slice(0, CUTS_EACH));
  if (!last) return;
  const rest = cutsAt(messages, last.cutAt).filter((old) => old !== last);
  known.set(messages[last.cutAt - 1] as ChatMessage, rest);
}

/** The last cut of the same conversation by the same plan. */
export function recall(messages: readonly ChatMessage[], plan: FitPlan): Cut | undefined {
  for (let cutAt = messages.length; cutAt > 0; cutAt -= 1) {
    // A conversation that is gone through from its beginning is cut nowhere else.
    if (!isRequestEnd(messages, cutAt - 1)) continue;
    const cut = cutsAt(messages, cutAt).find(
      (old) => old.cutAt === cutAt && isAlike(old.plan, plan) && isBeginning(old, messages, plan),
    );
    if (cut) return cut;
  }
  return undefined;
}

function cutsAt(messages: readonly ChatMessage[], cutAt: number): readonly Known[] {
  return known.get(messages[cutAt - 1] as ChatMessage) ?? [];
}

function isBeginning({ looks, pinned }: Known, messages: readonly ChatMessage[], { counter, goal }: FitPlan): boolean {
  return looks.every((look, index) => {
    const message = messages[index] as ChatMessage;
    return counter.look(message) === look && goal.isPinned(message) === pinned.has(message);
  });
}

function isAlike(one: FitPlan, other: FitPlan): boolean {
  return (
    one.triggerTokens === other.triggerTokens &&
    one.targetTokens === other.targetTokens &&
    one.overheadTokens === other.overheadTokens &&
    one.goal.needsThinking === other.goal.needsThinking &&
    one.source.strategies === other.source.strategies &&
    one.source.countTokens === other.source.countTokens
  );
}
