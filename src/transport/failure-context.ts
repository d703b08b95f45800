import type { ChatRequest } from "../chat/chat-request.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import { maskQuotes } from "./mask-quotes.ts";
import { maskSecrets } from "./mask-secrets.ts";

/** What must not appear in messages. */
export interface Unspeakable {
  /** Keys. */
  readonly secrets: readonly string[];
  /** The conversation, of which a server's text may quote. */
  readonly messages?: ChatRequest["messages"] | undefined;
}

/** What a host's own words for an error (its `code`, its `type`) mean; `undefined`: it has said none that is known. */
export type ClassifyByWord = (
  words: readonly string[],
  message: string,
  details: ErrorDetails,
) => ResilientClientError | undefined;

/** Who failed, for messages and details. */
export interface FailureContext extends Unspeakable {
  readonly provider: string;
  readonly model: string;
  readonly requestId?: string | undefined;
  /** The HTTP status; the one an error inside a stream or body names wins over the 200 it came with. */
  readonly status?: number | undefined;
  readonly retryAt?: number | undefined;
  /** Of a host that has words of its own. */
  readonly classifyByWord?: ClassifyByWord | undefined;
}

/** What an error may know of it. Picked one by one: neither key nor conversation may come along. */
export function detailsOf({ provider, model, requestId, status, retryAt }: FailureContext): ErrorDetails {
  return { provider, model, requestId, status, retryAt };
}

/** A server's text, fit for a message: neither keys nor quotes of the conversation in it. */
export function quietly(message: string, { secrets, messages }: Unspeakable): string {
  return maskSecrets(maskQuotes(message, messages), secrets);
}
