import {
  AuthenticationError,
  BusyError,
  ContentFilterError,
  ContextLengthError,
  InsufficientBalanceError,
  InvalidRequestError,
  PermissionError,
  RateLimitedError,
  UnexpectedResponseError,
} from "../error-family.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import { tellAnswer, whoIs, withRemedy } from "../server-words.ts";
import { detailsOf, type FailureContext, quietly } from "./failure-context.ts";
import { readLengths } from "./read-lengths.ts";

/** What a failure says of itself, whatever envelope it came in. */
export interface Failure {
  readonly status: number | undefined;
  /** What its host calls it: its `code`, its `type`. */
  readonly words: readonly string[];
  readonly message: string;
  /** Token counts that stand in fields of their own (llama.cpp). */
  readonly tokens?: { readonly max: number | undefined; readonly requested: number | undefined };
  /** Whether it was a JSON body: a firewall's page is not the API speaking. */
  readonly isJson: boolean;
}

/** What OpenAI, Perplexity and llama.cpp call a prompt that is too long. */
const TOO_LONG: ReadonlySet<string> = new Set([
  "context_length_exceeded",
  "too_many_prompt_tokens",
  "exceed_context_size_error",
]);

/** The error a failure means. Status first, then message: DeepSeek says the same of nearly everything in its `code`. */
export function classify(failure: Failure, context: FailureContext): ResilientClientError {
  const { status } = failure;
  const said = quietly(failure.message, context);
  const who = whoIs(context);
  const answered = tellAnswer({ ...context, status }, said);
  const details: ErrorDetails = { ...detailsOf(context), status };

  const byMessage = classifyMessage(failure, answered, details);
  if (byMessage) return byMessage;
  const byWord = context.classifyByWord?.(failure.words, answered, details);
  if (byWord) return byWord;
  if (status === undefined) return new BusyError(answered, details);
  if (status === 401) return new AuthenticationError(withRemedy(answered, "check the API key"), details);
  if (status === 402) return insufficientBalance(failure, answered, details);
  if (status === 403) {
    return failure.isJson
      ? new PermissionError(withRemedy(answered, "this key may not do this"), details)
      : new BusyError(`${who} was kept away by a firewall or CDN (403, no JSON).`, details);
  }
  if (status === 429) {
    const limit = /concurrency limit of (\d{1,6})/.exec(failure.message)?.[1];
    return new RateLimitedError(answered, { ...details, concurrencyLimit: limit ? Number(limit) : undefined });
  }
  // 501 and 505 say that it will never work.
  if (status === 501 || status === 505) return invalidRequest(failure, answered, details);
  if (status >= 500 || status === 408) return new BusyError(answered, details);
  if (status >= 400) return invalidRequest(failure, answered, details);
  return new UnexpectedResponseError(withRemedy(answered, "that is no chat completion; check the base URL"), details);
}

/** What only the message tells: DeepSeek answers all of these with 400 and the same type. */
function classifyMessage(failure: Failure, answered: string, details: ErrorDetails): ResilientClientError | undefined {
  const { status, message, words, tokens } = failure;
  // What a 401, 402 or 429 says of tokens is of those that were used up.
  if (status !== undefined && (status < 403 ? status !== 400 : status === 429)) return undefined;
  const lengths = readLengths(message) ?? (words.some((word) => TOO_LONG.has(word)) ? {} : undefined);
  const isServerError = status !== undefined && status >= 500;
  // Ollama's MLX runner says it with a 500, and with numbers; without any, the words may be about anything.
  if (lengths && (!isServerError || lengths.max !== undefined)) {
    const { max = tokens?.max, requested = tokens?.requested, prompt } = lengths;
    return new ContextLengthError(answered, {
      ...details,
      maxTokens: max,
      requestedTokens: requested,
      promptTokens: prompt,
    });
  }
  if (isServerError) return undefined;
  // OpenRouter: "Your chosen model requires moderation and your input was flagged" (https://openrouter.ai/docs/api/reference/errors-and-debugging).
  const isModerated = status === 403 && /moderation|flagged/i.test(message);
  if (isModerated || /content exists risk/i.test(message)) return new ContentFilterError(answered, details);
  return undefined;
}

/** OpenRouter also says it of one request, when there is enough for a shorter answer: "or fewer max_tokens". */
function insufficientBalance({ message }: Failure, answered: string, details: ErrorDetails): InsufficientBalanceError {
  const fewerTokens = /fewer max_tokens|can only afford/i.test(message);
  const remedy = fewerTokens
    ? "the account needs a top-up, or the request a smaller max_tokens"
    : "the account needs a top-up";
  return new InsufficientBalanceError(withRemedy(answered, remedy), {
    ...details,
    fewerTokens: fewerTokens || undefined,
  });
}

function invalidRequest(failure: Failure, answered: string, details: ErrorDetails): InvalidRequestError {
  const unknownModel =
    /supported API model names|no models? loaded|model.{0,80}(?:not found|not exist|not supported|unknown|invalid|is unloaded|is not loaded)|does not support (?:tools|thinking|tool calling)|requires --/i.test(
      failure.message,
    );
  // The API itself names what it misses; a bare 404 or 405 comes from a path that is none of its own.
  const isPath = !unknownModel && (failure.status === 404 || failure.status === 405);
  const told = isPath ? withRemedy(answered, "check the base URL") : answered;
  return new InvalidRequestError(told, { ...details, unknownModel: unknownModel || undefined });
}
