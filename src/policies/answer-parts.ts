import { type Break, type Call, type Continues, type Delivered, isReset, NO_BREAKS, type Reply } from "../call.ts";
import type { BegunAnswer } from "../chat/begun-answer.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import type { Join } from "../chat/join-answer.ts";
import { createContinuation } from "../chat/join-continuation.ts";
import { createSkip } from "../chat/skip-delivered.ts";
import { GuardError, StreamInterruptedError } from "../error-family.ts";
import type { ResilientClientError } from "../errors.ts";
import type { SeamReport } from "../report.ts";
import { planResume, type ResumeSettings } from "./plan-resume.ts";

const NOTHING_BEGUN: BegunAnswer = { content: "", reasoning_content: "", hasOther: false, id: "", created: 0 };

/** Keeps account of the parts of one answer: how each followed the one before, and how the next may. */
export class AnswerParts {
  readonly #call: Call;
  readonly #settings: ResumeSettings;
  #breaks: readonly Break[] = NO_BREAKS;
  /** How many breaks the consumer has been told of. */
  told = 0;
  #keptBefore = 0;
  #hasStartedAgain = false;
  /** Where something is wrong with what was said. */
  #spoilt: "thinking" | "text" | undefined;
  /** How the running part joins those before; `undefined`: it is an answer of its own. */
  #join: Join | undefined;
  /** The thinking that belongs to the delivered text, where that of another run was shown. */
  #unshown: string | undefined;
  /** A new start tells its seam only when it has said all that was delivered. */
  #due: SeamReport | undefined;
  /** The end of a part that reached its length, and where it was. */
  #ending: { readonly chunks: readonly ChatCompletionChunk[]; readonly at: number } | undefined;

  constructor(call: Call, settings: ResumeSettings) {
    this.#call = call;
    this.#settings = settings;
  }

  get breaks(): readonly Break[] {
    return this.#breaks;
  }

  get unshownReasoning(): string | undefined {
    return this.#join?.reasoning ?? this.#unshown;
  }

  /** What was delivered, to be gone on with: its text with the thinking that led to it. */
  delivered(): Delivered {
    const delivered = this.#call.delivered();
    // What it has not been told to discard yet is discarded all the same.
    if (isReset(this.#breaks, this.told)) return { ...delivered, ...NOTHING_BEGUN };
    const reasoning = this.unshownReasoning;
    return this.#isLed(delivered) ? { ...delivered, reasoning_content: reasoning ?? "" } : delivered;
  }

  /** Whether its text came of other thinking than that which was shown. */
  #isLed({ content }: Delivered): boolean {
    return this.unshownReasoning !== undefined && content !== "";
  }

  /** How the answer may go on. `error`: what it broke off with; `undefined`: it was complete, but for its length. */
  ways(error: ResilientClientError | undefined, delivered: Delivered, broken: Reply): readonly Continues[] {
    const isLoop = GuardError.isInstance(error) && error.guard === "repetition";
    if (isSpoiling(error) || broken.isUnsettled) this.#spoilt = delivered.content === "" ? "thinking" : "text";
    return planResume({
      call: this.#call,
      delivered,
      code: error?.code,
      hasToolCalls: broken.hasToolCalls,
      isSpoilt: this.#spoilt === "text" || (this.#spoilt === "thinking" && !this.#isLed(delivered)),
      isLoop,
      keptBefore: this.#keptBefore,
      hasStartedAgain: this.#hasStartedAgain,
      mayReset: this.#mayReset(delivered),
      canContinue: this.#settings.canContinue,
    });
  }

  /** A part follows. How it joins what was delivered; `undefined`: nothing of that stays. */
  follow(from: string, reply: Reply, delivered: Delivered): Join | undefined {
    this.#unshown = delivered.content === "" ? undefined : this.unshownReasoning;
    this.#join = this.#joinOf(from, reply, delivered);
    return this.#join;
  }

  #joinOf(from: string, { continued: how, provider: to, model }: Reply, delivered: Delivered): Join | undefined {
    const { content, reasoning_content: reasoning, reader, hasOther } = delivered;
    this.#due = undefined;
    if (how === "prefix" || how === "prefill") {
      const { request, allowEmpty } = this.#call;
      this.#keptBefore = content.length + reasoning.length;
      this.#tell({ atChar: content.length, from, to, how });
      return createContinuation(delivered, {
        request,
        allowEmpty,
        provider: to,
        model,
        before: this.#call.log.kept(),
      });
    }
    this.#keptBefore = 0;
    const isSkippable = !hasOther && !(this.#call.request.logprobs && content !== "");
    if (reader === "whole" || !isSkippable) {
      this.#forget(reader === "whole" ? "unseen" : "discarded");
      return undefined;
    }
    const isUnseen = content + reasoning === "";
    this.#call.log.restart(isUnseen ? "unseen" : "kept");
    this.#hasStartedAgain ||= content !== "";
    if (!isUnseen) this.#due = { atChar: content.length, from, to, how: "restart" };
    return createSkip(delivered);
  }

  /** A part is complete, and ends with these. */
  end(chunks: readonly ChatCompletionChunk[], delivered: Delivered): void {
    this.#ending = { chunks, at: lengthOf(delivered) };
  }

  /** The end of a part behind which nobody brought more: what was complete but for its length is complete then. */
  endingAt(delivered: Delivered): readonly ChatCompletionChunk[] | undefined {
    return this.#ending?.at === lengthOf(delivered) ? this.#ending.chunks : undefined;
  }

  /** Tells what has become certain. */
  note(join: Join): void {
    if (this.#due && join.isJoined) this.#tell(this.#due);
  }

  /**
   * Takes back what was delivered, where the consumer permits it, in favour of the new start that went another way.
   * @throws StreamInterruptedError where it does not.
   */
  diverge({ provider, model }: Reply, delivered: Delivered): void {
    if (!this.#due || !this.#mayReset(delivered)) {
      const where = `The answer broke off after ${delivered.content.length} characters`;
      const remedy = 'Whoever reads parts() can have that one instead: resume: { onUnresumable: "reset" }.';
      const message = `${where}, and ${provider} (${model}) began another one. ${remedy}`;
      throw new StreamInterruptedError(message, { provider, model });
    }
    this.#due = undefined;
    this.#forget("discarded");
  }

  /** What was delivered without the beginning of the stop sequence that ended it; nothing, where it was seen already. */
  cutAt({ endsAt }: Join, delivered: Delivered): readonly ChatCompletionChunk[] {
    const { id, created, content, reasoning_content, reader } = delivered;
    if (reader !== "whole" || endsAt === undefined) return [];
    this.#breaks = [...this.#breaks, { type: "reset" }];
    const delta = { role: "assistant", content: content.slice(0, endsAt), reasoning_content } as const;
    const choices = [{ index: 0, delta, finish_reason: null }];
    return [{ id, object: "chat.completion.chunk", created, model: "", choices }];
  }

  #mayReset({ reader }: Delivered): boolean {
    return reader === "whole" || (reader === "parts" && this.#settings.onUnresumable === "reset");
  }

  #tell(seam: SeamReport): void {
    this.#due = undefined;
    this.#call.log.seam(seam);
    const { atChar, from, to } = seam;
    this.#breaks = [...this.#breaks, { type: "seam", atChar, from, to }];
  }

  #forget(what: "unseen" | "discarded"): void {
    [this.#ending, this.#join, this.#unshown] = [undefined, undefined, undefined];
    this.#spoilt = undefined;
    this.#call.log.restart(what);
    this.#breaks = [...this.#breaks, { type: "reset" }];
  }
}

/** Whether what is wrong is in what was said, and stays there. */
function isSpoiling(error: ResilientClientError | undefined): boolean {
  return GuardError.isInstance(error) ? error.guard !== "throughput" : error?.code === "malformed_output";
}

function lengthOf({ content, reasoning_content: reasoning }: Delivered): number {
  return content.length + reasoning.length;
}
