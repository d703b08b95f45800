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
import { withRemedy, wordsOf } from "../server-words.ts";
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
  unknown_model: (message, details) => {
    const remedy = `put the name the model has there into the option models (or model) of ${details.provider}`;
    return new InvalidRequestError(withRemedy(message, remedy), { ...details, unknownModel: true });
  },
  unable_model: (message, details) => new InvalidRequestError(message, { ...details, unknownModel: true }),
};

/** Sentences of hosts whose codes say nothing of it: OpenRouter's is a number, and gateways have words of their own. */
const SENTENCES: readonly (readonly [HostFailure, RegExp])[] = [
  [
    "unknown_model",
    /\bnot a valid model\b|\b(?:invalid|unknown) model(?: name| id|:| ['"`])|\bno endpoints found for\b|\bmodel\b.{0,120}\bnot (?:found|exist)\b/i,
  ],
  // "No endpoints found that support tool use", or that an account's data policy permits: another host may.
  ["unable_model", /^no endpoints (?:found|available)\b/i],
];

/**
 * Knows a host's errors by the words it has for them, `code` before `type`, and one by its sentence: that it does not know a model.
 * `RateLimit` also means `RateLimit.PerMinute`.
 */
export function byHostWords(failures: Readonly<Record<string, HostFailure>> = {}): ClassifyByWord {
  const meanings = new Map(Object.entries(failures));
  return (words, message, details) => {
    for (const word of words) {
      const meaning = meanings.get(word) ?? meanings.get(word.split(".", 1)[0] ?? "");
      if (meaning) return MAKERS[meaning](message, details);
    }
    if (details.status !== 400 && details.status !== 404) return undefined;
    const said = wordsOf({ ...details, message }) ?? "";
    const meaning = SENTENCES.find(([, sentence]) => sentence.test(said))?.[0];
    return meaning && MAKERS[meaning](message, details);
  };
}
