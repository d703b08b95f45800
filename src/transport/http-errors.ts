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
import { maskSecrets } from "./mask-secrets.ts";

/** Who failed, for messages and details. */
export interface FailureContext {
  readonly provider: string;
  readonly model: string;
  readonly requestId?: string | undefined;
  /** The HTTP status; the one an error inside a stream or body names wins over the 200 it came with. */
  readonly status?: number | undefined;
  readonly retryAt?: number | undefined;
  /** Texts that must not appear in messages: the key. */
  readonly secrets: readonly string[];
}

/** What a failure says of itself, whatever envelope it came in. */
interface Failure {
  readonly status: number | undefined;
  readonly type: string;
  readonly message: string;
  /** Token counts that stand in fields of their own (llama.cpp). */
  readonly tokens?: { readonly max: number | undefined; readonly requested: number | undefined };
  /** Whether it was a JSON body: a firewall's page is not the API speaking. */
  readonly isJson: boolean;
}

const MAX_MESSAGE_CHARS = 4_000;

/** For errors under HTTP 200, where no number is given. */
const STATUS_OF_TYPE: ReadonlyMap<string, number> = new Map([
  ["authentication_error", 401],
  ["permission_error", 403],
  ["rate_limit_error", 429],
  ["service_unavailable_error", 503],
]);

/**
 * Turns a response that is no success into the error it means. DeepSeek's `code` is `invalid_request_error` even for
 * 401, 402 and 429, and many bodies are JSON under another content type, so: status first, then message.
 */
export function errorFromBody(body: string, context: FailureContext): ResilientClientError {
  const json = parseJson(body);
  const failure =
    typeof json === "object" && json !== null
      ? readEnvelope(json as Record<string, unknown>, context.status)
      : { status: context.status, type: "", message: isMarkup(body) ? "" : body, isJson: false };
  return classify(failure, context);
}

/** Turns the value of an `error` field, found inside a stream or under HTTP 200, into the error it means. */
export function errorFromField(error: unknown, context: FailureContext): ResilientClientError {
  return classify(readEnvelope({ error }, context.status), context);
}

function readEnvelope(body: Record<string, unknown>, httpStatus: number | undefined): Failure {
  const inner = body["error"] ?? body["detail"] ?? body;
  const fields = (typeof inner === "object" && inner !== null ? inner : { message: inner }) as Record<string, unknown>;
  // No honest message is longer, and what follows looks at it with patterns.
  const message = (upstreamText(fields) || asText(fields["message"])).slice(0, MAX_MESSAGE_CHARS);
  const named =
    statusIn(fields["code"]) ??
    statusIn(fields["status"]) ??
    statusInText(message) ??
    STATUS_OF_TYPE.get(asText(fields["type"]));
  const isError = httpStatus !== undefined && httpStatus >= 300;
  const type = asText(fields["type"]);
  const tokens = { max: asCount(fields["n_ctx"]), requested: asCount(fields["n_prompt_tokens"]) };
  return { status: isError ? httpStatus : named, type, message, tokens, isJson: true };
}

/** An aggregator's own message says little; what its upstream said stands in the metadata, as text or JSON. */
function upstreamText({ metadata }: Record<string, unknown>): string {
  const raw = asText((metadata as { raw?: unknown } | null | undefined)?.raw);
  const inner = parseJson(raw) as { error?: { message?: unknown }; message?: unknown } | undefined | null;
  return asText(inner?.error?.message) || asText(inner?.message) || raw;
}

function asCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}

function classify(failure: Failure, context: FailureContext): ResilientClientError {
  const { status } = failure;
  const said = maskSecrets(failure.message, context.secrets);
  const who = `${context.provider} (${context.model})`;
  const answered = `${who} answered${status === undefined ? " with an error" : ` ${status}`}${said && `: ${said}`}`;
  const { secrets: _, ...known } = context;
  const details: ErrorDetails = { ...known, status };

  const byMessage = classifyMessage(failure, answered, details);
  if (byMessage) return byMessage;
  if (status === undefined) return new BusyError(answered, details);
  if (status === 401) return new AuthenticationError(`${answered} - check the API key.`, details);
  if (status === 402) return new InsufficientBalanceError(`${answered} - the account needs a top-up.`, details);
  if (status === 403) {
    return failure.isJson
      ? new PermissionError(`${answered} - this key may not do this.`, details)
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
  return new UnexpectedResponseError(`${answered} - that is no chat completion; check the base URL.`, details);
}

/** What only the message tells: DeepSeek answers all of these with 400 and the same type. */
function classifyMessage(failure: Failure, answered: string, details: ErrorDetails): ResilientClientError | undefined {
  const { status, message } = failure;
  if (status !== undefined && (status < 400 || status >= 500 || status === 429)) return undefined;
  const lengths = /maximum context length is (\d{1,12}) tokens.{0,40}?requested (\d{1,12}) tokens/i.exec(message);
  if (lengths) {
    return new ContextLengthError(answered, {
      ...details,
      maxTokens: Number(lengths[1]),
      requestedTokens: Number(lengths[2]),
    });
  }
  const { tokens, type } = failure;
  const isTooLong = /maximum context length|input token exceed|prompt too long|context.{0,10}exceeded/i.test(message);
  if (isTooLong || type === "too_many_prompt_tokens" || type === "exceed_context_size_error") {
    return new ContextLengthError(answered, { ...details, maxTokens: tokens?.max, requestedTokens: tokens?.requested });
  }
  if (/content exists risk/i.test(message)) return new ContentFilterError(answered, details);
  return undefined;
}

function invalidRequest(failure: Failure, answered: string, details: ErrorDetails): InvalidRequestError {
  const unknownModel =
    /supported API model names|model.{0,80}(?:not found|not exist|not supported|unknown|invalid)/i.test(
      failure.message,
    );
  // The API itself names what it misses; a bare 404 or 405 comes from a path that is none of its own.
  const isPath = !unknownModel && (failure.status === 404 || failure.status === 405);
  const remedy = isPath ? " - check the base URL." : "";
  return new InvalidRequestError(`${answered}${remedy}`, { ...details, unknownModel: unknownModel || undefined });
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function statusIn(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

/** A status at the start of the text, as in "[503] The request queue is full". */
function statusInText(message: string): number | undefined {
  return statusIn(/^\W{0,3}([45]\d\d)\b/.exec(message)?.[1]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMarkup(text: string): boolean {
  return /^\s*</.test(text);
}
