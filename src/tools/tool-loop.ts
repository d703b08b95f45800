import { addTokens, NO_TOKENS } from "../answer-row.ts";
import { forwardAbort } from "../async/abort.ts";
import { systemClock } from "../async/clock.ts";
import { countTokens } from "../chat/assemble-completion.ts";
import type { ChatMessage, ChatRequest, ToolCall } from "../chat/chat-request.ts";
import type { ChatCompletion, CompletionMessage } from "../chat/chat-response.ts";
import { forcesTool } from "../chat/forces-tool.ts";
import type { ChatClient } from "../client/chat-client.ts";
import type { ChatStream } from "../client/chat-stream.ts";
import type { CallOptions } from "../client-options.ts";
import { ToolStepsError } from "../error-family.ts";
import type { Report } from "../report.ts";
import type { ToolOutcome, ToolStep } from "../tool-step.ts";
import type { CallSettings } from "./execute-call.ts";
import { executeCalls } from "./execute-calls.ts";
import { OwnIds, soundArguments } from "./sound-history.ts";
import { type ToolSet, toolSet } from "./tool-set.ts";
import type { ToolRun, ToolRunParams } from "./tool-types.ts";

const DEFAULTS = {
  maxSteps: 10, // Whoever needs more is going round in circles more often than not.
  concurrency: 4, // What a model asks for at once mostly goes to one service.
  toolTimeoutMs: 60_000, // Somebody waits for the answer.
} as const;

/** Where a run stands: what was said, what is to be done, and what came of it. Reads and waits for nothing by itself. */
export class ToolLoop {
  readonly #client: ChatClient;
  readonly #request: Omit<ChatRequest, "messages">;
  readonly #options: CallOptions;
  readonly #tools: ToolSet;
  readonly #maxSteps: number;
  readonly #concurrency: number;
  readonly #calls: CallSettings;
  readonly #controller = new AbortController();
  readonly #messages: ChatMessage[];
  readonly #ids: OwnIds;
  readonly #steps: ToolStep[] = [];
  #last: ChatCompletion | undefined;
  #usage = NO_TOKENS;
  #unlink: (() => void) | undefined;

  constructor(client: ChatClient, params: ToolRunParams, options: CallOptions, where: string) {
    const { tools, maxSteps, concurrency, toolTimeoutMs, onToolCall, clock, messages, ...request } = params;
    this.#client = client;
    this.#request = request;
    this.#options = options;
    this.#tools = toolSet(tools, where);
    this.#maxSteps = maxSteps ?? DEFAULTS.maxSteps;
    this.#concurrency = concurrency ?? DEFAULTS.concurrency;
    this.#messages = [...messages];
    this.#ids = new OwnIds(this.#messages);
    this.#calls = {
      tools: this.#tools.byName,
      toolTimeoutMs: toolTimeoutMs ?? DEFAULTS.toolTimeoutMs,
      clock: clock ?? systemClock,
      signal: this.#controller.signal,
      approve: oneByOne(async (call) => onToolCall?.(call)),
    };
  }

  /** How many answers there were. */
  get step(): number {
    return this.#steps.length;
  }

  get steps(): readonly ToolStep[] {
    return [...this.#steps];
  }

  /** What was said in steps that are complete. */
  get messages(): readonly ChatMessage[] {
    return [...this.#messages];
  }

  throwIfAborted(): void {
    this.#controller.signal.throwIfAborted();
  }

  /** Asks for the next answer. */
  ask(): ChatStream {
    this.#unlink ??= forwardAbort(this.#options.signal, this.#controller);
    this.throwIfAborted();
    const request = {
      ...this.#request,
      messages: this.#messages,
      tools: this.#tools.definitions,
      // A model that must ask for a tool would never come to its answer.
      ...(this.step > 0 && forcesTool(this.#request) && { tool_choice: "auto" as const }),
    };
    return this.#client.chat.completions.stream(request, { ...this.#options, signal: this.#controller.signal });
  }

  /** An answer is complete. Returns it as the history will have it, and what it asks for. */
  read(completion: ChatCompletion): { readonly message: CompletionMessage; readonly calls: readonly ToolCall[] } {
    this.throwIfAborted();
    const choice = completion.choices[0] as ChatCompletion["choices"][number]; // Every completion has one.
    const { tool_calls: asked, ...said } = choice.message;
    // What an answer asked for before it was cut is not all that it would have.
    const calls = choice.finish_reason === "length" ? [] : (asked ?? []).map((call) => this.#ids.own(call));
    return { message: { ...said, ...(calls.length > 0 && { tool_calls: calls.map(soundArguments) }) }, calls };
  }

  /** Makes the calls of an answer; `onOutcome` is told of each as it ends. */
  async execute(
    calls: readonly ToolCall[],
    onOutcome: (outcome: ToolOutcome) => void,
  ): Promise<readonly ToolOutcome[]> {
    try {
      return await executeCalls(calls, this.step, this.#concurrency, this.#calls, onOutcome);
    } catch (error) {
      // Whatever ends the run ends the calls that are still under way.
      this.abort(error);
      throw error;
    }
  }

  /** The answer and all its calls are complete: only now do they enter the history, all of them. */
  enter(
    completion: ChatCompletion,
    message: CompletionMessage,
    outcomes: readonly ToolOutcome[],
    report: Report,
  ): ToolStep {
    this.throwIfAborted();
    const results = outcomes.map(({ id, told }) => ({ role: "tool", tool_call_id: id, content: told }) as const);
    this.#messages.push(message, ...results);
    this.#last = completion;
    this.#usage = addTokens(this.#usage, countTokens(completion.usage));
    const finishReason = completion.choices[0]?.finish_reason ?? "stop";
    const step = { step: this.step, finishReason, calls: outcomes, report };
    this.#steps.push(step);
    return step;
  }

  /** @throws ToolStepsError when there may be no other answer. */
  requireStep(): void {
    if (this.step < this.#maxSteps) return;
    const names = [...new Set(this.#steps.at(-1)?.calls.map(({ name }) => name))];
    const known = names.filter((name) => this.#tools.byName.has(name));
    const what = known.length > 0 ? ` (${known.slice(0, 5).join(", ")})` : "";
    throw new ToolStepsError(
      `The model still asked for tools${what} in answer ${this.#maxSteps} of ${this.#maxSteps}. Raise maxSteps, or go on with error.messages: all calls are answered in them.`,
      { messages: this.messages, steps: this.steps },
    );
  }

  result(): ToolRun {
    const completion = this.#last as ChatCompletion; // Asked for after an answer only.
    const message = this.#messages.findLast(({ role }) => role === "assistant") as CompletionMessage; // It was entered.
    return {
      content: message.content,
      message,
      completion,
      messages: this.messages,
      steps: this.steps,
      usage: this.#usage,
      reports: this.#steps.map(({ report }) => report),
      warnings: this.#tools.warnings,
    };
  }

  /** Ends everything that is under way. */
  abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.close();
  }

  /** Nothing more is to come. */
  close(): void {
    this.#unlink?.();
    this.#unlink = () => {};
  }
}

/** Whoever asks somebody asks one question at a time. */
function oneByOne(ask: CallSettings["approve"]): CallSettings["approve"] {
  let before: Promise<unknown> = Promise.resolve();
  return (call) => {
    const verdict = before.then(() => {
      call.signal.throwIfAborted();
      return ask(call);
    });
    before = verdict;
    return verdict;
  };
}
