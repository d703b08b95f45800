import { type Deferred, defer } from "../async/deferred.ts";
import type { Ending } from "../attempt-log.ts";
import { type Break, type Call, type Continues, type Delivered, NO_BREAKS, type Reply, type Send } from "../call.ts";
import type { ChatCompletionChunk } from "../chat/chat-response.ts";
import { ResilientClientError } from "../errors.ts";
import { AnswerParts } from "./answer-parts.ts";
import { askToGoOn, withoutText } from "./ask-to-go-on.ts";
import { endsTheCall } from "./ends-the-call.ts";
import { JoinedChunks } from "./joined-chunks.ts";
import type { ResumeSettings } from "./plan-resume.ts";

/** A reply that goes on when it breaks off, again and again. */
export class ResumingReply implements Reply {
  readonly #call: Call;
  readonly #next: Send;
  readonly #settings: ResumeSettings;
  /** Made when there is more than one part. */
  #parts: AnswerParts | undefined;
  #current: Reply;
  /** Joins what comes to what came. `undefined`: there is nothing to join. */
  #joined: JoinedChunks | undefined;
  #resumes = 0;
  #lengths = 0;
  /** Somebody is looked for who goes on; settles when what was found is closed. */
  #search: Deferred<Ending> | undefined;
  #isCancelled = false;
  #isOver = false;

  constructor(first: Reply, call: Call, next: Send, settings: ResumeSettings) {
    this.#current = first;
    this.#call = call;
    this.#next = next;
    this.#settings = settings;
    if (settings.continueOnLength > 0) this.#joined = new JoinedChunks(true);
  }

  get provider(): string {
    return this.#current.provider;
  }

  get model(): string {
    return this.#current.model;
  }

  get continued(): Reply["continued"] {
    return this.#current.continued;
  }

  get breaks(): readonly Break[] {
    return this.#parts?.breaks ?? NO_BREAKS;
  }

  get hasToolCalls(): boolean {
    return this.#current.hasToolCalls;
  }

  get unshownReasoning(): string | undefined {
    return this.#parts?.unshownReasoning;
  }

  get closed(): Promise<Ending> {
    return this.#search?.promise ?? this.#current.closed;
  }

  take(): ChatCompletionChunk | undefined {
    return this.#joined ? this.#joined.take() : this.#current.take();
  }

  more(): Promise<boolean> {
    if (this.#parts) this.#parts.told = this.breaks.length;
    return this.#joined ? this.#advance(this.#joined) : this.#current.more().then(undefined, this.resumeAfter);
  }

  cancel(): void {
    // A search that is under way ends with the call's signal, and closes this reply when it has.
    this.#isCancelled = true;
    if (!this.#search) this.#current.cancel();
  }

  /** Goes on with what broke off with this error; as `more` does, once it has. */
  readonly resumeAfter = async (error: unknown): Promise<boolean> => {
    await this.#goOn(error);
    return this.#joined ? this.#advance(this.#joined) : true;
  };

  /** The slow way: only an answer that has broken off, or may go on at its end, is read by it. */
  async #advance(joined: JoinedChunks): Promise<boolean> {
    for (;;) {
      try {
        joined.pull(this.#current);
        this.#judge(joined);
        if (joined.size > 0) return true;
        if (this.#isOver) return false;
        if (!(await this.#current.more())) await this.#conclude(joined);
      } catch (error) {
        await this.#goOn(error);
        if (this.#joined !== joined) return true;
      }
    }
  }

  #judge(joined: JoinedChunks): void {
    const { join } = joined;
    const failure = joined.takeFailure();
    if (failure) this.#call.log.spoil(failure);
    if (failure) throw failure;
    if (join) this.#account().note(join);
    if (join?.isOver && !this.#isOver) {
      this.#isOver = true;
      this.#current.cancel();
      joined.push(this.#account().cutAt(join, this.#account().delivered()));
    }
    if (!join?.isDiverged) return;
    const delivered = this.#account().delivered();
    this.#account().diverge(this.#current, delivered);
    joined.replace(join.unjoined);
  }

  /** The current part is complete. One that reached its length may go on. */
  async #conclude(joined: JoinedChunks): Promise<void> {
    const chunks = joined.takeEnding();
    const delivered = this.#account().delivered();
    this.#account().end(chunks, delivered);
    const mayGoOn = chunks.length > 0 && this.#lengths < this.#settings.continueOnLength;
    const ways = mayGoOn ? this.#account().ways(undefined, delivered, this.#current) : [];
    if (ways.length === 0) return this.#end(joined, chunks);
    this.#lengths += 1;
    try {
      await this.#find(ways, delivered);
      this.#call.log.lengthen();
    } catch (error) {
      if (this.#call.signal.aborted) throw error;
      this.#search = undefined;
      this.#end(joined, chunks);
    }
  }

  /** Nothing more comes: the part before was the last. */
  #end(joined: JoinedChunks, chunks: readonly ChatCompletionChunk[]): void {
    this.#isOver = true;
    joined.keepsLength = false;
    joined.push(chunks);
  }

  /** Goes on with what broke off; throws what it broke off with, or why nobody goes on. */
  async #goOn(error: unknown): Promise<void> {
    const { signal, deadlineAt } = this.#call;
    if (signal.aborted || this.#isCancelled || !ResilientClientError.isInstance(error)) throw error;
    const delivered = this.#account().delivered();
    const ending = this.#account().endingAt(delivered);
    if (this.#joined && ending) {
      // Whoever brought nothing may still be talking.
      this.#current.cancel();
      this.#joined.begin(undefined);
      return this.#end(this.#joined, ending);
    }
    const mayGoOn =
      this.#resumes < this.#settings.maxResumes && !endsTheCall(error, this.#call, deadlineAt, this.#settings);
    const ways = mayGoOn ? this.#account().ways(error, delivered, this.#current) : [];
    if (ways.length === 0) throw this.#resumes + this.#lengths > 0 ? withoutText(error) : error;
    this.#resumes += 1;
    await this.#find(ways, delivered);
  }

  async #find(ways: readonly Continues[], delivered: Delivered): Promise<void> {
    const { provider: from } = this.#current;
    const search = defer<Ending>();
    this.#search = search;
    try {
      // The broken connection is given back before another is asked for.
      this.#current.cancel();
      await this.#current.closed;
      this.#call.log.resume(from, ways[0]?.ways === "restart" ? 0 : delivered.content.length);
      this.#current = await askToGoOn(ways, this.#call, this.#next, this.#settings);
    } catch (failure) {
      search.resolve({ outcome: "failed" });
      throw failure;
    }
    this.#search = undefined;
    search.resolve(this.#current.closed);
    if (this.#isCancelled) this.#current.cancel();
    this.#follow(this.#account().follow(from, this.#current, delivered));
  }

  #account(): AnswerParts {
    this.#parts ??= new AnswerParts(this.#call, this.#settings);
    return this.#parts;
  }

  #follow(join: ReturnType<AnswerParts["follow"]>): void {
    const keepsLength = this.#lengths < this.#settings.continueOnLength;
    // A new start that nobody has seen anything of needs no joining.
    this.#joined = join || keepsLength ? (this.#joined ?? new JoinedChunks(keepsLength)) : undefined;
    if (!this.#joined) return;
    this.#joined.keepsLength = keepsLength;
    this.#joined.begin(join);
  }
}
