// Fill-in-the-middle (beta). Field names and rules: https://api-docs.deepseek.com/api/create-completion
import type { ChatModel, StreamFields } from "../chat/chat-request.ts";
import type { FinishReason, Usage } from "../chat/chat-response.ts";

/** Everything of a gap to be filled but `stream`. Fields not listed here are sent as they are; it never thinks. */
export interface TextCompletionRequest {
  /** DeepSeek's name of the model, as in `deepseek-flash`. */
  readonly model: ChatModel;
  /** What stands before the gap. */
  readonly prompt: string;
  /** What stands behind it. Left out: the text goes on from `prompt`, with no end in sight. */
  readonly suffix?: string | null | undefined;
  /** Whether the text begins with `prompt`; the client puts it there itself. Not with `suffix` or `logprobs`. */
  readonly echo?: boolean | null | undefined;
  /** Tokens the text may have: a whole number from 1; DeepSeek takes at most 4096. */
  readonly max_tokens?: number | null | undefined;
  /** The text ends before one of these; DeepSeek takes up to 16. */
  readonly stop?: string | readonly string[] | null | undefined;
  /** How freely it chooses its words. 0 to 2; DeepSeek's default is 1. */
  readonly temperature?: number | null | undefined;
  /** The share of likely words it chooses from. 0 to 1; DeepSeek's default is 1, and it does not take 0. */
  readonly top_p?: number | null | undefined;
  /** With how many alternatives the probability of each token comes. 0 to 20. */
  readonly logprobs?: number | null | undefined;
  /** -2 to 2. */
  readonly frequency_penalty?: number | null | undefined;
  /** -2 to 2. */
  readonly presence_penalty?: number | null | undefined;
}

/** The parameters of `completions.create`. */
export interface TextCompletionParams extends TextCompletionRequest, StreamFields<boolean | null | undefined> {}

/** How likely each token was, in lists of the same length. */
export interface TextLogprobs {
  readonly tokens?: readonly string[];
  readonly token_logprobs?: readonly (number | null)[];
  readonly top_logprobs?: readonly (Readonly<Record<string, number>> | null)[];
  /** As the server counted: of an answer that went on elsewhere, anew from there. */
  readonly text_offset?: readonly number[];
}

/** The text of a gap, or a piece of it. */
export interface TextChoice<Finish> {
  readonly index: number;
  /** May be empty: there was nothing to fill in. */
  readonly text: string;
  readonly logprobs: TextLogprobs | null;
  readonly finish_reason: Finish;
}

/** What stands around the text. */
interface TextAnswer<Finish> {
  readonly id: string;
  readonly object: "text_completion";
  /** Seconds since the epoch. */
  readonly created: number;
  /** The model that answered, by the server's own name. */
  readonly model: string;
  /** One; on a chunk that brings only `usage`, none. */
  readonly choices: readonly TextChoice<Finish>[];
  readonly system_fingerprint?: string;
}

/** What fills the gap, whole. */
export interface TextCompletion extends TextAnswer<FinishReason> {
  /** Absent where the server sent none. */
  readonly usage?: Usage;
}

/** A piece of it. */
export interface TextCompletionChunk extends TextAnswer<FinishReason | null> {
  readonly usage?: Usage | null;
}
