import type { ChatMessage, ChatModel } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import { checkCallOptions } from "../check-options.ts";
import { type CallPromise, withReport } from "../client/call-promise.ts";
import type { ChatClient } from "../client/chat-client.ts";
import type { ChatStream } from "../client/chat-stream.ts";
import type { CallOptions } from "../client-options.ts";
import type { FlushPlan } from "../context/plan-flush.ts";
import type { ContextStrategy } from "../context/strategies.ts";
import { InvalidRequestError } from "../error-family.ts";
import { type PartialAnswer, ResilientClientError } from "../errors.ts";
import type { Report } from "../report.ts";
import type { Conversation, ConversationJSON, FailedTurn } from "./conversation.ts";
import { type ConversationOptions, contextOfHosts, requestOf } from "./conversation-options.ts";
import { type Beginning, ConversationState } from "./conversation-state.ts";
import { readInput, type TurnInput } from "./read-input.ts";
import { requireFailed } from "./require-failed.ts";
import { checkStrategy, isSummarize, type Summarize } from "./summarize.ts";
import type { FittedTurn } from "./turn-fitter.ts";
import { createTurnLine, type Turn, type TurnLine } from "./turn-line.ts";
import type { ConversationUsage } from "./usage-sum.ts";
import { type StreamWatch, watchStream } from "./watch-stream.ts";

/** Makes the turns of a conversation, one at a time, and enters those that are complete. */
export class LiveConversation implements Conversation {
  readonly #client: ChatClient;
  readonly #options: ConversationOptions;
  readonly #state: ConversationState;
  readonly #line: TurnLine;
  #failed: (FailedTurn & { readonly partial: PartialAnswer }) | undefined;

  constructor(client: ChatClient, options: ConversationOptions, beginning: Beginning) {
    this.#client = client;
    this.#options = options;
    this.#line = createTurnLine(options.whenBusy ?? "queue");
    this.#state = new ConversationState(options, beginning);
  }

  get model(): ChatModel {
    return this.#options.model;
  }

  get messages(): readonly ChatMessage[] {
    return this.#state.history.all;
  }

  get tokens(): number {
    return this.#state.tokens;
  }

  get usage(): ConversationUsage {
    return this.#state.usage;
  }

  get failed(): FailedTurn | undefined {
    return this.#failed && { input: this.#failed.input, error: this.#failed.error };
  }

  send(input: TurnInput, options: CallOptions = {}): CallPromise<ChatCompletion> {
    return this.#ask(() => readInput(input), options);
  }

  stream(input: TurnInput, options: CallOptions = {}): ChatStream {
    checkCallOptions(options);
    const said = readInput(input);
    return this.#begin(this.#line.take("stream()"), said, options).stream;
  }

  retry(options: CallOptions = {}): CallPromise<ChatCompletion> {
    const failed = this.#failed;
    // Taken, so that two who retry do not say it twice.
    this.#failed = undefined;
    const giveBack = () => {
      this.#failed ??= failed;
    };
    return this.#ask(() => requireFailed(failed).input, options, giveBack);
  }

  keepInterrupted(): void {
    const turn = this.#line.take("keepInterrupted()");
    try {
      const { input, partial } = requireFailed(this.#failed);
      this.#state.enterPartial(input, partial);
      this.#failed = undefined;
    } finally {
      this.#line.end(turn);
    }
  }

  planFlush(strategy?: ContextStrategy): FlushPlan {
    checkStrategy(strategy, "planFlush()");
    return this.#state.planFlush(strategy);
  }

  async flush(how?: ContextStrategy | Summarize, options: CallOptions = {}): Promise<FlushPlan> {
    checkCallOptions(options);
    if (!isSummarize(how)) checkStrategy(how, "flush()");
    const turn = await this.#line.wait("flush()", options.signal);
    try {
      const { completions } = this.#client.chat;
      const plan = isSummarize(how)
        ? await this.#state.planSummary(completions, how, options)
        : this.#state.planFlush(how);
      this.#state.flush(plan);
      return plan;
    } finally {
      this.#line.end(turn);
    }
  }

  reset(): void {
    const turn = this.#line.take("reset()");
    const { history } = this.#state;
    history.replace(history.system, []);
    this.#failed = undefined;
    this.#line.end(turn);
  }

  fork(): Conversation {
    return new LiveConversation(this.#client, this.#options, this.#state.beginning());
  }

  toJSON(): ConversationJSON {
    return { version: 1, model: this.model, messages: this.messages };
  }

  #ask(
    read: () => readonly ChatMessage[],
    options: CallOptions,
    onNotBegun: () => void = () => {},
  ): CallPromise<ChatCompletion> {
    let report: (() => Report) | undefined;
    const prepare = async () => {
      checkCallOptions(options);
      const input = read();
      return { input, turn: await this.#line.wait("send()", options.signal) };
    };
    const run = async () => {
      const { input, turn } = await prepare().catch((error: unknown) => {
        onNotBegun();
        throw error;
      });
      const { stream, watch } = this.#begin(turn, input, options, onNotBegun);
      report = watch.report;
      return stream.finalChatCompletion();
    };
    // Of a promise that resolved, it began.
    return withReport(run(), () => (report as () => Report)());
  }

  #begin(
    turn: Turn,
    input: readonly ChatMessage[],
    options: CallOptions,
    onNotBegun = () => {},
  ): { stream: ChatStream; watch: StreamWatch } {
    try {
      const fitted = this.#state.fit(input);
      const { system, before } = fitted;
      const messages = [...(system ? [system] : []), ...before, ...input];
      const context = contextOfHosts(this.#options);
      const request = { ...requestOf(this.#options), messages };
      const stream = this.#client.chat.completions.stream(request, { ...(context && { context }), ...options });
      const watch = watchStream(stream);
      turn.yields = () => {
        if (watch.isWanted()) return false;
        watch.abort(new DOMException("Another turn began before this stream was read.", "AbortError"));
        return true;
      };
      const onFailure = (error: unknown) => {
        if (watch.report().attempts.length === 0 && !ResilientClientError.isInstance(error)) onNotBegun();
        else this.#noteFailure(turn, input, error, watch.partial());
        this.#line.end(turn);
      };
      watch.settled.then((completion) => this.#complete(turn, fitted, completion), onFailure).catch(onFailure);
      return { stream, watch };
    } catch (error) {
      // What is refused here would be refused again; what is too long may be asked again behind a flush.
      if (InvalidRequestError.isInstance(error)) onNotBegun();
      else this.#noteFailure(turn, input, error, { content: "", reasoning_content: "" });
      this.#line.end(turn);
      throw error;
    }
  }

  #complete(turn: Turn, fitted: FittedTurn, completion: ChatCompletion): void {
    this.#state.enter(fitted, completion);
    this.#failed = undefined;
    this.#line.end(turn);
  }

  #noteFailure(turn: Turn, input: readonly ChatMessage[], error: unknown, partial: PartialAnswer): void {
    // A stream that gave up its turn has asked nobody.
    if (!this.#line.has(turn)) return;
    const told = ResilientClientError.isInstance(error) ? error.partial : undefined;
    this.#failed = { input, error, partial: told ?? partial };
  }
}
