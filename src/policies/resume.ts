import type { Policy } from "../call.ts";
import type { ResumeSettings } from "./plan-resume.ts";
import { ResumingReply } from "./resuming-reply.ts";

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
 */
export function resume(settings: ResumeSettings): Policy {
  const isOff = settings.maxResumes === 0 && settings.continueOnLength === 0;
  return async (call, next) => {
    const reply = await next(call);
    return isOff ? reply : new ResumingReply(reply, call, next, settings);
  };
}
