import { defer } from "../async/deferred.ts";
import type { Call, Policy, Reply, Send } from "../call.ts";
import type { Ending } from "../call-log.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { ResilientClientError } from "../errors.ts";
import { endsTheCall, type Permissions } from "./ends-the-call.ts";

export interface ResumeOptions {
  /**
   * How often one answer may be continued or started again after its first token. A whole number from 0.
   * @defaultValue 5
   */
  readonly maxResumes?: number | undefined;
}

export interface ResumeSettings extends Permissions {
  readonly maxResumes: number;
  /** Each new start has the time of a first one. */
  readonly startMs: number;
}

/**
 * After the head: an answer that broke off starts again as long as nothing of it was delivered. That is always so for
 * `whole` calls, and for `live` ones while only tool calls have come, which are held back until the answer is complete.
 * What a consumer has seen cannot be taken back: such a call fails with what had arrived.
 */
export function resume(settings: ResumeSettings): Policy {
  return async (call, next) => {
    const reply = await next(call);
    return settings.maxResumes > 0 ? new RestartingReply(reply, call, next, settings) : reply;
  };
}

class RestartingReply implements Reply {
  readonly continued = "restart";
  readonly closed: Promise<Ending>;
  readonly #close: (ending: Ending) => void;
  readonly #call: Call;
  readonly #next: Send;
  readonly #settings: ResumeSettings;
  #current: Reply;
  #restarts = 0;
  #isRestarting = false;
  #isCancelled = false;
  #isDelivered = false;

  constructor(first: Reply, call: Call, next: Send, settings: ResumeSettings) {
    this.#current = first;
    this.#call = call;
    this.#next = next;
    this.#settings = settings;
    const { promise, resolve } = defer<Ending>();
    this.closed = promise;
    this.#close = resolve;
  }

  get provider(): string {
    return this.#current.provider;
  }

  get model(): string {
    return this.#current.model;
  }

  get restarts(): number {
    return this.#restarts;
  }

  take(): ChatCompletionChunk | undefined {
    for (;;) {
      const chunk = this.#current.take();
      if (!chunk || this.#isDelivered || this.#call.deliver === "whole") return chunk;
      this.#isDelivered = bringsAnything(chunk);
      if (this.#isDelivered) void this.#current.closed.then(this.#close);
      // The role was told by the first attempt already.
      if (this.#isDelivered || this.#restarts === 0) return chunk;
    }
  }

  more(): Promise<boolean> {
    // What was delivered cannot start again: nothing to do here but to hand on.
    return this.#isDelivered ? this.#current.more() : this.#moreOrRestart();
  }

  async #moreOrRestart(): Promise<boolean> {
    try {
      const hasMore = await this.#current.more();
      if (!hasMore) void this.#current.closed.then(this.#close);
      return hasMore;
    } catch (error) {
      return this.#restart(error);
    }
  }

  cancel(): void {
    // A new start that is under way ends with the call's signal, and closes this reply when it has.
    this.#isCancelled = true;
    if (this.#isRestarting) return;
    this.#current.cancel();
    void this.#current.closed.then(this.#close);
  }

  async #restart(error: unknown): Promise<boolean> {
    if (!this.#mayRestart(error)) {
      void this.#current.closed.then(this.#close);
      throw error;
    }
    const { clock, deadlineAt, log } = this.#call;
    this.#isRestarting = true;
    try {
      // The broken connection is given back before another is asked for.
      await this.#current.closed;
      this.#restarts += 1;
      const startBy = Math.min(clock.now() + this.#settings.startMs, deadlineAt);
      // The rounds go on where they were: who was kept for later comes, and waits grow.
      const round = (log.attempts.at(-1)?.round ?? 0) + 1;
      this.#current = await this.#next({ ...this.#call, startBy, round, kind: "resume" });
      this.#isRestarting = false;
      if (this.#isCancelled) this.cancel();
    } catch (failure) {
      this.#close({ outcome: "failed" });
      throw failure;
    }
    return true;
  }

  #mayRestart(error: unknown): boolean {
    const { signal, deadlineAt } = this.#call;
    if (this.#isDelivered || this.#restarts >= this.#settings.maxResumes || signal.aborted) return false;
    return ResilientClientError.isInstance(error) && !endsTheCall(error, this.#call, deadlineAt, this.#settings);
  }
}

/** Anything but a role, and be it in a field nobody knows. */
function bringsAnything({ choices: [choice] }: ChatCompletionChunk): boolean {
  if (!choice) return false;
  const { role: _, ...delta } = choice.delta;
  const isThere = (value: unknown) => (Array.isArray(value) ? value.length > 0 : Boolean(value));
  return Boolean(choice.finish_reason) || Object.values(delta).some(isThere);
}
