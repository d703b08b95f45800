import type { AttemptCall, Progress, Send } from "../call.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { type Endpoint, isLookUp } from "../endpoints/endpoint.ts";
import { InvalidOptionsError, MissingApiKeyError } from "../error-family.ts";
import type { ResilientClientError } from "../errors.ts";
import { judgeEnding } from "../state/attempt-verdict.ts";
import type { ChunkDecoder, ChunkSource } from "../transport/chunk-source.ts";
import { detailsOf, type FailureContext, quietly } from "../transport/failure-context.ts";
import { errorFromBody } from "../transport/http-errors.ts";
import { loadHttp } from "../transport/load-http.ts";
import { asToken } from "../transport/mask-secrets.ts";
import { openReply } from "../transport/open-reply.ts";
import { type BodyReader, createBodyReader, readText } from "../transport/read-body.ts";
import { readAnswer } from "../transport/read-response.ts";
import { readRetryAfter } from "../transport/retry-after.ts";
import { safeCause } from "../transport/safe-cause.ts";
import { createEndpointDecoder } from "./endpoint-decoder.ts";
import { keysIn, secretsIn } from "./header-secrets.ts";
import { encodeRequest } from "./wire-format.ts";

/** More of an error response is not read, and not for longer: its status has said nearly everything. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_MS = 2_000;

/** A protocol of a host's own, in which chat is asked and answered in place of chat completions. */
export interface OwnProtocol {
  /** Where chat goes, of a host with this base URL. */
  url(baseURL: string): string;
  /** The type of a streamed answer. */
  readonly accept: string;
  /** The body to send, but for `model` and `stream`. @throws InvalidRequestError for what cannot be said in it. */
  encode(request: ChatRequest, model: string): object;
  /** Reads the host's JSON as chunks. */
  createDecoder(context: FailureContext, random: () => number): ChunkDecoder;
  /** Reads the JSON out of the bytes. */
  read(body: BodyReader, decode: ChunkDecoder, context: FailureContext, progress: Progress): ChunkSource;
}

/** A host that speaks the chat completions protocol over HTTP, or one of its own. */
export interface Host {
  readonly name: string;
  /** Where a request goes: some features live under another path. */
  url(request: ChatRequest, endpoint: Endpoint | undefined): string;
  /** The key, or `undefined` for a host that needs none. */
  key(): Promise<string | undefined> | string | undefined;
  /** Told when it refuses the key, the balance or the permission. */
  onRefused(key: string | undefined): void;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether it counts tokens in a stream only when asked to. */
  readonly asksForUsage: boolean;
  /** The response header that holds the host's id of the request. */
  readonly requestIdHeader: string;
  /** Of a host that has words of its own for the end of an answer. `createDecoder` knows them; it says them at other endpoints, too. */
  readonly readFinish?: ((decoder: ChunkDecoder) => ChunkDecoder) | undefined;
  /** Of a host that has words of its own for errors. */
  readonly classifyByWord?: FailureContext["classifyByWord"];
  /** Reads the host's chunks. */
  createDecoder(call: AttemptCall, context: FailureContext): ChunkDecoder;
  /**
   * The request in the host's own words. What rarely changes anything may be a part of its own, which loads.
   * @throws InvalidRequestError for what the host is known to refuse.
   */
  encode(call: AttemptCall): ChatRequest | Promise<ChatRequest>;
  /** `undefined`: it speaks chat completions. */
  readonly protocol?: Pick<OwnProtocol, "accept" | "encode" | "read"> | undefined;
}

/** One attempt: request -> HTTP -> events -> chunks -> Reply. Tries nothing twice and sets no time limit. */
export function createRunAttempt(host: Host): Send<AttemptCall> {
  return async (call) => {
    const { provider, model, endpoint, wire, signal } = call;
    const protocol = endpoint ? undefined : host.protocol;
    const encoded = endpoint ? call.request : host.encode(call);
    const request = encoded instanceof Promise ? await encoded : encoded;
    const key = await readKey(host);
    // A host may take its key in a header of another name.
    const extraHeaders = { ...host.headers, ...call.headers };
    const secrets = [...(key ? [key] : []), ...secretsIn(extraHeaders)];
    const { sendRequest } = await loadHttp();
    const response = await sendRequest({
      url: host.url(request, endpoint),
      headers: {
        ...extraHeaders,
        ...(key && { authorization: `Bearer ${key}` }),
        ...(!isLookUp(endpoint) && { "content-type": "application/json" }),
        accept: wire === "stream" ? (protocol?.accept ?? "text/event-stream") : "application/json",
      },
      body: encodeBody(host, call, request),
      signal,
      fetch: call.fetch,
      provider,
      model,
      secrets,
      messages: request.messages,
    });
    const { status, headers } = response;
    // Headers that only look like keys may be ids of the caller's, which come back as the id of the request.
    const named = keysIn(extraHeaders);
    const hidden = { secrets: key ? [key, ...named] : named, messages: request.messages };
    const given = headers.get(host.requestIdHeader);
    const requestId = given ? asToken(quietly(given, hidden).slice(0, 128)) : undefined;
    call.attempt.responded(status, requestId);
    call.progress.headers();
    const { classifyByWord } = host;
    const context: FailureContext = {
      provider,
      model,
      secrets,
      status,
      requestId,
      messages: request.messages,
      classifyByWord,
    };
    const body = createBodyReader(response, signal, call.clock, call.progress, context);
    if (!response.ok) {
      const error = await readFailure(body, headers, context, call);
      if (judgeEnding({ outcome: "failed", error }) === "account") host.onRefused(key);
      throw error;
    }
    const decode = endpoint ? decoderFor(endpoint, host, context) : host.createDecoder(call, context);
    const source = (protocol?.read ?? readAnswer)(body, decode, context, call.progress, wire);
    return openReply(source, call, detailsOf(context));
  };
}

function decoderFor(endpoint: Endpoint, { readFinish }: Host, context: FailureContext): ChunkDecoder {
  const decoder = createEndpointDecoder(endpoint, context);
  return readFinish ? readFinish(decoder) : decoder;
}

/** The body to send; `undefined`: it is looked up, by a GET without any. */
function encodeBody(
  { asksForUsage, protocol }: Host,
  { endpoint, model, wire }: AttemptCall,
  request: ChatRequest,
): string | undefined {
  if (!endpoint) return encodeRequest(protocol?.encode(request, model) ?? request, model, wire, asksForUsage);
  // No page says whether a stream of these counts its tokens unasked.
  return endpoint.encode && encodeRequest(endpoint.encode(request), model, wire, true);
}

async function readFailure(
  body: BodyReader,
  headers: Headers,
  context: FailureContext,
  call: AttemptCall,
): Promise<ResilientClientError> {
  const stop = call.clock.after(MAX_ERROR_MS, body.cancel);
  const text = await readText(body, MAX_ERROR_BYTES).catch(() => "");
  stop();
  if (call.signal.aborted) throw call.signal.reason;
  const delay = readRetryAfter(headers, call.clock.now());
  const retryAt = delay === undefined ? undefined : Math.ceil(call.clock.now() + delay);
  return errorFromBody(text, { ...context, retryAt });
}

/** @throws MissingApiKeyError, InvalidOptionsError */
export async function readKey(host: Pick<Host, "name" | "key">): Promise<string | undefined> {
  let key: string | undefined;
  try {
    key = (await host.key())?.trim();
  } catch (error) {
    if (MissingApiKeyError.isInstance(error)) throw error;
    const cause = safeCause(error, { secrets: [] });
    throw new MissingApiKeyError(`The apiKey function of ${host.name} failed: ${cause.message}`, {
      provider: host.name,
      cause,
    });
  }
  // What no header can hold would come back in the message of a TypeError, key and all.
  if (!key || /^[\x21-\x7e]+$/.test(key)) return key;
  throw new InvalidOptionsError(`The API key of ${host.name} holds characters that cannot be sent.`, {
    provider: host.name,
  });
}
