import { BusyError, UnexpectedResponseError } from "../error-family.ts";
import type { ResilientClientError } from "../errors.ts";
import type { Fields } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import { classify, type Failure } from "./classify-failure.ts";
import { detailsOf, type FailureContext, quietly } from "./failure-context.ts";

const MAX_MESSAGE_CHARS = 4_000;
const MAX_WORD_CHARS = 80;

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
  const json = tryParse(body);
  const failure =
    typeof json === "object" && json !== null
      ? readEnvelope(json as Fields, context.status)
      : {
          status: context.status,
          words: [],
          // Some APIs answer with a text alone, as JSON (SiliconFlow).
          message: isMarkup(body) ? "a web page of a CDN, proxy or firewall" : asText(json) || body,
          isJson: typeof json === "string",
        };
  return classify(failure, context);
}

/** Turns the value of an `error` field, found inside a stream or under HTTP 200, into the error it means. */
export function errorFromField(error: unknown, context: FailureContext): ResilientClientError {
  return classify(readEnvelope({ error }, context.status), context);
}

/**
 * Text where an answer was due: a gateway's own words, in an event, in a body, or in an event named `error`. Without a
 * status, and without the usual words of a server that has no room, it is bytes that are no protocol.
 * @param what what was sent, for the message
 */
export function errorFromText(text: string, what: string, context: FailureContext): ResilientClientError {
  const json = tryParse(text);
  if (typeof json === "object" && json !== null) return errorFromField((json as Fields)["error"] ?? json, context);
  if (isMarkup(text)) return webPage(context);
  const message = text.slice(0, MAX_MESSAGE_CHARS);
  const status = statusInText(message);
  if (status !== undefined || NO_ROOM.test(message)) {
    return classify({ status, words: [], message, isJson: false }, context);
  }
  return new UnexpectedResponseError(
    `${whoIs(context)} sent ${what}: ${quietly(message, context)}`,
    detailsOf(context),
  );
}

/** A page where an answer was due. */
function webPage(context: FailureContext): BusyError {
  const message = `${whoIs(context)} answered with a web page: a firewall or CDN stands in between, or the base URL is wrong.`;
  return new BusyError(message, detailsOf(context));
}

/** How servers and the gateways before them say that they have no capacity, or lost the way to it. */
const NO_ROOM =
  /\b(?:busy|overloaded|unavailable|upstream|bad gateway|timed? ?out|try again|too many requests|queue is full)\b/i;

function readEnvelope(body: Fields, httpStatus: number | undefined): Failure {
  const inner = body["error"] ?? body["detail"] ?? body;
  const fields = (typeof inner === "object" && inner !== null ? inner : { message: inner }) as Fields;
  // No honest message is longer, and what follows looks at it with patterns.
  const message = (upstreamText(fields) || asText(fields["message"])).slice(0, MAX_MESSAGE_CHARS);
  const named =
    statusIn(fields["code"]) ??
    statusIn(fields["status"]) ??
    statusInText(message) ??
    STATUS_OF_TYPE.get(asText(fields["type"]));
  const isError = httpStatus !== undefined && httpStatus >= 300;
  // OpenRouter's 402 for too much in flight is no empty account: it passes.
  const status = isInFlight(fields) ? 429 : isError ? httpStatus : named;
  const words = [asWord(fields["code"]), asWord(fields["type"])].filter((word) => word !== "");
  const tokens = { max: asCount(fields["n_ctx"]), requested: asCount(fields["n_prompt_tokens"]) };
  return { status, words, message, tokens, isJson: true };
}

function isInFlight({ metadata }: Fields): boolean {
  return (metadata as { limit_source?: unknown } | null | undefined)?.limit_source === "openrouter_in_flight_budget";
}

/** An aggregator's own message says little; what its upstream said stands in the metadata, or ends it: as text or JSON. */
function upstreamText({ metadata, message }: Fields): string {
  const raw = asText((metadata as { raw?: unknown } | null | undefined)?.raw);
  return messageIn(raw) || raw || quotedMessage(asText(message));
}

/** As in `Invalid response received from deepseek: {"error":{"message":"Insufficient Balance"}}`. */
function quotedMessage(message: string): string {
  const at = message.indexOf("{");
  // A number in the words before says more than the sentence behind it.
  if (at < 0 || statusInText(message.slice(0, at)) !== undefined) return "";
  return messageIn(message.slice(at));
}

function messageIn(text: string): string {
  const body = tryParse(text) as { error?: { message?: unknown }; message?: unknown } | undefined | null;
  return asText(body?.error?.message) || asText(body?.message);
}

function asCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}

/** A short text, or a number: what a host calls an error. */
function asWord(value: unknown): string {
  const word = typeof value === "number" ? String(value) : asText(value);
  return word.length <= MAX_WORD_CHARS ? word : "";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function statusIn(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined;
}

/** A status in the text, as in "[503] The request queue is full" or "upstream error, status code: 502". */
function statusInText(message: string): number | undefined {
  const found =
    /^\W{0,3}([45]\d\d)\b/.exec(message) ?? /\b(?:HTTP|status|code)\W{0,3}(?:code\W{0,3})?([45]\d\d)\b/i.exec(message);
  return statusIn(found?.[1]);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMarkup(text: string): boolean {
  return /^\s*</.test(text);
}
