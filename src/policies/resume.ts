import { ignoreRejection } from "../async/abort.ts";
import { systemClock } from "../async/clock.ts";
import type { Ending } from "../attempt-log.ts";
import type { Break, Call, Policy, Reply, Send } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { loadPart, unlessAborted } from "../load-part.ts";
import type { ResumeSettings } from "./plan-resume.ts";

/** How an answer that broke off goes on. */
export interface ResumeOptions {
  /**
   * How often one answer may be continued or started again after its first token; each time must bring it further.
   * A whole number from 0.
   * @defaultValue 5
   */
  readonly maxResumes?: number | undefined;
  /**
   * What happens where text was delivered, nobody can go on with it, and a new start says something else. `fail`: the
   * call fails with `stream_interrupted`, and everything that arrived in `error.partial`. `reset`: whoever reads `parts()`
   * gets a `reset`, discards what came before, and then the new answer; other readers cannot be told, and fail.
   * @defaultValue "fail"
   */
  readonly onUnresumable?: "fail" | "reset" | undefined;
  /**
   * Whether hosts may go on that only usually do so when the last message is the assistant's (OpenRouter, Ollama,
   * llama.cpp, vLLM). One that begins anew instead cannot always be told from one that goes on: the answer may be
   * joined wrongly.
   * @defaultValue false
   */
  readonly bestEffort?: boolean | undefined;
  /**
   * How often an answer that reached `max_tokens` goes on, with as many tokens again. A whole number from 0. Where
   * nobody can go on with it, it ends with `length` as it would have.
   * @defaultValue 0
   */
  readonly continueOnLength?: number | undefined;
}

export type ResumeDefaults = { readonly [K in keyof ResumeOptions]-?: NonNullable<ResumeOptions[K]> };

/**
 * After the head: an answer that broke off goes on. What the consumer has not seen goes on or starts again wherever that
 * is quickest. What it has seen is never repeated and never lost: a provider goes on where the text stopped (DeepSeek's
 * prefix completion), or a new start says the same again up to there, or the call fails with all that had arrived.
 *
 * What does all that is a part of its own, which most calls never need.
 */
export function resume(settings: ResumeSettings): Policy {
  const isOff = settings.maxResumes === 0 && settings.continueOnLength === 0;
  return async (call, next) => {
    // While code is loaded, time passes on no clock but the system's.
    if (!isOff && call.clock !== systemClock) await loadResuming();
    const reply = await next(call);
    if (isOff) return reply;
    if (settings.continueOnLength > 0)
      return new (await loadFor(reply, call)).ResumingReply(reply, call, next, settings);
    // Where code comes over the network, it may be gone when it is needed.
    if ("location" in globalThis) ignoreRejection(Promise.resolve(loadResuming()));
    return new WatchedReply(reply, call, next, settings);
  };
}

const loadResuming = /* @__PURE__ */ loadPart(() => import("./resuming-reply.ts"));

async function loadFor(reply: Reply, call: Call) {
  try {
    return await unlessAborted(loadResuming(), call.signal);
  } catch (error) {
    reply.cancel();
    throw error;
  }
}

async function partOrNothing({ signal }: Call) {
  try {
    return await unlessAborted(loadResuming(), signal);
  } catch {
    return undefined;
  }
}

/** Hands an answer on as it is, until it breaks off. */
class WatchedReply implements Reply {
  readonly #call: Call;
  readonly #next: Send;
  readonly #settings: ResumeSettings;
  #reply: Reply;
  #isWatched = true;

  constructor(reply: Reply, call: Call, next: Send, settings: ResumeSettings) {
    this.#reply = reply;
    this.#call = call;
    this.#next = next;
    this.#settings = settings;
  }

  get provider(): string {
    return this.#reply.provider;
  }

  get model(): string {
    return this.#reply.model;
  }

  get continued(): Reply["continued"] {
    return this.#reply.continued;
  }

  get breaks(): readonly Break[] {
    return this.#reply.breaks;
  }

  get hasToolCalls(): boolean {
    return this.#reply.hasToolCalls;
  }

  get isUnsettled(): boolean | undefined {
    return this.#reply.isUnsettled;
  }

  get unshownReasoning(): string | undefined {
    return this.#reply.unshownReasoning;
  }

  get closed(): Promise<Ending> {
    return this.#reply.closed;
  }

  take(): ChatCompletionChunk | undefined {
    return this.#reply.take();
  }

  more(): Promise<boolean> {
    const more = this.#reply.more();
    return this.#isWatched ? more.then(undefined, this.#onBreak) : more;
  }

  cancel(): void {
    this.#reply.cancel();
  }

  readonly #onBreak = async (error: unknown): Promise<boolean> => {
    if (this.#call.signal.aborted) throw error;
    this.#isWatched = false;
    const part = await partOrNothing(this.#call);
    if (!part) throw error;
    const resuming = new part.ResumingReply(this.#reply, this.#call, this.#next, this.#settings);
    this.#reply = resuming;
    return resuming.resumeAfter(error);
  };
}
