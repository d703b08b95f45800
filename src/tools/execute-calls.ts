import type { ToolCall } from "../chat/chat-request.ts";
import type { ToolOutcome } from "../tool-step.ts";
import { type CallSettings, executeCall } from "./execute-call.ts";

/**
 * Makes the calls of one answer, each once, so many at a time. `onOutcome` is told of each as it ends; the list is in the order of the
 * calls. Rejects when the run is over; calls that were not begun by then are never made.
 */
export async function executeCalls(
  calls: readonly ToolCall[],
  step: number,
  concurrency: number,
  settings: CallSettings,
  onOutcome: (outcome: ToolOutcome) => void,
): Promise<readonly ToolOutcome[]> {
  const outcomes: ToolOutcome[] = [];
  const left = [...calls.entries()];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [index, call] = next;
      const outcome = await executeCall(call, step, settings).catch((error: unknown) => {
        left.length = 0;
        throw error;
      });
      outcomes[index] = outcome;
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, calls.length) }, work));
  return outcomes;
}
