import type { KeptTokens } from "../attempt-log.ts";
import { type BegunAnswer, isThere } from "./begun-answer.ts";
import type { ChatRequest } from "./chat-request.ts";
import { type ChatCompletionChunk, type ChunkChoice, type ChunkDelta, WAS_THINKING } from "./chat-response.ts";

/** Joins what goes on to what was delivered, so that a consumer sees one answer. */
export interface Join {
  /**
   * What of a chunk may be delivered, in order; nothing, while it is not known whether it belongs there.
   * @throws ResilientClientError when the answer as a whole turns out to be none
   */
  add(chunk: ChatCompletionChunk): readonly ChatCompletionChunk[];
  /** Whether it goes on where the delivered text ends; `false`, while a new start says again what was said before. */
  readonly isJoined: boolean;
  /** It is an answer of its own that does not begin with what was delivered. */
  readonly isDiverged: boolean;
  /** The answer has ended here, whatever else comes. */
  readonly isOver: boolean;
  /** So many characters of the delivered text were the answer: the others are of the stop sequence that ended it. */
  readonly endsAt?: number | undefined;
  /** All chunks, for whoever would rather have the new answer from its beginning; empty once it is joined. */
  readonly unjoined: readonly ChatCompletionChunk[];
  /** The thinking of the new answer, where it was not shown because that of another was. */
  readonly reasoning: string | undefined;
}

/** What must be known of the part that was delivered. */
export type DeliveredPart = Omit<BegunAnswer, "hasOther">;

/** What the caller asked for, and who goes on. */
export interface JoinContext {
  readonly request: ChatRequest;
  readonly allowEmpty: boolean;
  readonly provider: string;
  readonly model: string;
  /** Tokens of the parts before. */
  readonly before: KeptTokens;
}

/**
 * A chunk in one row with those before it: under the same id, and without what was told already. `undefined` when
 * nothing is left of it.
 */
export function inOneRow(
  chunk: ChatCompletionChunk,
  { id, created }: DeliveredPart,
  change: (delta: ChunkDelta) => ChunkDelta,
): ChatCompletionChunk | undefined {
  const row = id === "" ? chunk : { ...chunk, id, created };
  const choice = chunk.choices[0];
  if (!choice) return row;
  const { role: _, ...delta } = choice.delta;
  const changed = { ...choice, delta: change(delta) };
  return bringsAnything(changed) || chunk.usage ? { ...row, choices: [changed] } : undefined;
}

/** Anything, and be it in a field nobody knows. */
export function bringsAnything({ delta, finish_reason: finish, logprobs }: ChunkChoice): boolean {
  return Boolean(finish || logprobs || delta[WAS_THINKING]) || Object.values(delta).some(isThere);
}
