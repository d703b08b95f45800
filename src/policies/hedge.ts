import { forwardAbort, ignoreRejection } from "../async/abort.ts";
import type { Call, Reply } from "../call.ts";
import { refuse, type Shape } from "../check-shape.ts";
import type { ModelState } from "../state/model-state.ts";

/** When another provider is asked while the first one has not begun to answer. A race costs its losers' prompts. */
export interface HedgeOptions {
  /**
   * So long after the request, while it waits: the next provider is asked, and the place in the queue is kept.
   * Milliseconds from 1, or `false`: never.
   * @defaultValue 60_000
   */
  readonly queuedAfterMs?: number | false | undefined;
  /**
   * The same, for somebody who would rather pay twice than wait: after so many milliseconds from 1; `p95`: when it takes longer
   * than 95 % of the last hundred answers of that provider (once there are twenty); `false`: never.
   * @defaultValue false
   */
  readonly afterMs?: number | "p95" | false | undefined;
}

export type HedgeSettings = { readonly [K in keyof HedgeOptions]-?: Exclude<HedgeOptions[K], undefined> };

const isMs = (value: unknown) => typeof value === "number" && value >= 1;

/** What `HedgeOptions` may hold. */
export const hedgeShape = (): Shape => ({
  queuedAfterMs: (value, label) => {
    if (value !== false && !isMs(value)) refuse(label, "milliseconds from 1, or false", value);
  },
  afterMs: (value, label) => {
    if (value !== false && value !== "p95" && !isMs(value)) refuse(label, 'milliseconds from 1, "p95" or false', value);
  },
});

/** After how long without a first token somebody else is asked too. Milliseconds; `Infinity`: never. */
export function hedgeDelay({ queuedAfterMs, afterMs }: HedgeSettings, model: Pick<ModelState, "p95HeadMs">): number {
  const never = Number.POSITIVE_INFINITY;
  // Only then: it is sorted out anew each time.
  const early = afterMs === "p95" ? (model.p95HeadMs ?? never) : afterMs || never;
  return Math.min(queuedAfterMs || never, early);
}

/** What a lane of a race is given: its call, and whom to tell that it asks somebody from whom so long nothing may come. */
export type RunLane = (call: Call, onAsk: (delayMs: number) => void) => Promise<Reply | undefined>;

/**
 * A staggered race: a lane asks one provider after the other; while it waits for too long, and somebody is left to be asked,
 * another lane begins. The first reply wins, the other lanes are ended. A lane that fails waits for the others: a race
 * never loses an answer that would have come without it. `undefined`: all lanes came to their end without one.
 */
export function raceLanes(call: Call, runLane: RunLane, isAnybodyLeft: () => boolean): Promise<Reply | undefined> {
  const lanes = new Set<AbortController>();
  return new Promise((resolve, reject) => {
    let isDecided = false;
    let failed: { readonly error: unknown } | undefined;
    const end = () => {
      if (isDecided || (lanes.size > 0 && !call.signal.aborted)) return;
      decide();
      if (failed) reject(failed.error);
      else resolve(undefined);
    };
    const decide = (winner?: AbortController) => {
      isDecided = true;
      for (const lane of lanes)
        if (lane !== winner) lane.abort(new DOMException("Another one was faster.", "AbortError"));
    };
    const start = (kind: Call["kind"]) => {
      const controller = new AbortController();
      const unlink = forwardAbort(call.signal, controller);
      lanes.add(controller);
      let disarm = () => {};
      const onAsk = (delayMs: number) => {
        disarm();
        disarm = call.clock.after(delayMs, () => {
          if (!isDecided && isAnybodyLeft()) start("hedge");
        });
      };
      const lane = runLane({ ...call, signal: controller.signal, kind }, onAsk);
      // At once: between the end of a lane and its being told, another one may have won.
      const leave = () => {
        disarm();
        lanes.delete(controller);
      };
      const onReply = (reply: Reply | undefined) => {
        leave();
        if (!reply) {
          unlink();
          return end();
        }
        void reply.closed.then(unlink);
        if (isDecided) return reply.cancel();
        decide(controller);
        resolve(reply);
      };
      const onFailure = (error: unknown) => {
        leave();
        unlink();
        failed ??= { error };
        end();
      };
      ignoreRejection(lane.then(onReply, onFailure));
    };
    start(call.kind);
  });
}
