import {
  AuthenticationError,
  BusyError,
  ContentFilterError,
  ContextLengthError,
  InsufficientBalanceError,
  InvalidRequestError,
  PermissionError,
  RateLimitedError,
} from "../error-family.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import { withRemedy } from "../server-words.ts";
import type { ClassifyByWord } from "../transport/failure-context.ts";
import type { HostFailure } from "./dialect-options.ts";

type Make = (message: string, details: ErrorDetails) => ResilientClientError;

const MAKERS: Readonly<Record<HostFailure, Make>> = {
  busy: (message, details) => new BusyError(message, details),
  rate_limited: (message, details) => new RateLimitedError(message, details),
  authentication: (message, details) => new AuthenticationError(withRemedy(message, "check the API key"), details),
  insufficient_balance: (message, details) =>
    new InsufficientBalanceError(withRemedy(message, "the account needs a top-up, or a higher limit"), details),
  // What is not permitted may be no fault of the key: Perplexity ended its chat completions for everybody.
  permission: (message, details) => new PermissionError(message, details),
  context_length: (message, details) => new ContextLengthError(message, details),
  content_filter: (message, details) => new ContentFilterError(message, details),
  invalid_request: (message, details) => new InvalidRequestError(message, details),
  unknown_model: (message, details) => new InvalidRequestError(message, { ...details, unknownModel: true }),
};

/** Knows a host's errors by the words it has for them, `code` before `type`. `RateLimit` also means `RateLimit.PerMinute`. */
export function byHostWords(failures: Readonly<Record<string, HostFailure>>): ClassifyByWord {
  const meanings = new Map(Object.entries(failures));
  return (words, message, details) => {
    for (const word of words) {
      const meaning = meanings.get(word) ?? meanings.get(word.split(".", 1)[0] ?? "");
      if (meaning) return MAKERS[meaning](message, details);
    }
    return undefined;
  };
}
