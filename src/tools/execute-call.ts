import { forwardAbort, raceAbort } from "../async/abort.ts";
import type { Clock } from "../async/clock.ts";
import type { ToolCall } from "../chat/chat-request.ts";
import { refuse } from "../check-shape.ts";
import { parseJson } from "../parse-json.ts";
import type { ToolOutcome } from "../tool-step.ts";
import { tellError, tellIssues, tellOutput, tellRefusal, tellUnknownTool } from "./tell-model.ts";
import type { Tool } from "./tool.ts";
import type { PendingToolCall } from "./tool-types.ts";

/** What the calls of a run have in common. */
export interface CallSettings {
  readonly tools: ReadonlyMap<string, Tool>;
  readonly toolTimeoutMs: number;
  readonly clock: Clock;
  /** Of the run. */
  readonly signal: AbortSignal;
  /** One after the other. What somebody answers may be anything. */
  readonly approve: (call: PendingToolCall) => Promise<unknown>;
}

/**
 * Makes one call, once, and says what came of it. Rejects only when the run is over: with the reason it was aborted with, or what
 * `onToolCall` threw. Whatever else goes wrong is for the model.
 */
export async function executeCall(call: ToolCall, step: number, settings: CallSettings): Promise<ToolOutcome> {
  const { tools, signal, approve } = settings;
  const { id } = call;
  const { name } = call.function;
  const found = tools.get(name);
  const args = readArguments(call.function.arguments);
  const invalid = (told: string) => ({ id, name, input: args, status: "invalid", told }) as const;
  if (!found) return invalid(tellUnknownTool(name, tools.keys()));
  let checked: Awaited<ReturnType<Tool["validate"]>>;
  try {
    checked = await raceAbort(found.validate(args), signal, drop);
  } catch (error) {
    signal.throwIfAborted();
    return { id, name, input: args, status: "failed", error, told: tellError(error) };
  }
  if (checked.issues) return invalid(tellIssues(checked.issues));
  const input = checked.value;
  const verdict = await raceAbort(approve({ id, name, input, step, signal }), signal, drop);
  if (verdict === false || typeof verdict === "string") {
    const reason = verdict || "";
    return { id, name, input, status: "refused", reason, told: tellRefusal(reason) };
  }
  // A dialogue that was closed gives null: what is no clear yes must run nothing.
  if (verdict !== true && verdict !== undefined)
    refuse("What onToolCall gives", "true, false, a text or undefined", verdict);
  try {
    const output = await withinTime(found, input, { id, step }, settings);
    return { id, name, input, status: "done", output, told: tellOutput(output) };
  } catch (error) {
    signal.throwIfAborted();
    return { id, name, input, status: "failed", error, told: tellError(error) };
  }
}

/** A tool that ignores its signal does not hold the run: what it gives back later is dropped. */
async function withinTime(
  { name, timeoutMs, execute }: Tool,
  input: unknown,
  { id, step }: { readonly id: string; readonly step: number },
  { clock, signal, toolTimeoutMs }: CallSettings,
): Promise<unknown> {
  signal.throwIfAborted();
  const own = new AbortController();
  const unlink = forwardAbort(signal, own);
  const ms = timeoutMs ?? toolTimeoutMs;
  const late = () => own.abort(new DOMException(`${name} did not finish within ${ms} ms.`, "TimeoutError"));
  const disarm = ms === Number.POSITIVE_INFINITY ? () => {} : clock.after(ms, late);
  try {
    // What it throws before its first wait is no other failure than what it rejects with.
    const running = (async () => execute(input, { signal: own.signal, toolCallId: id, step }))();
    return await raceAbort(running, own.signal, drop);
  } finally {
    disarm();
    unlink();
  }
}

/** What the model wrote was found to be JSON already; of a provider of the user's own it may not be. */
function readArguments(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function drop(): void {}
