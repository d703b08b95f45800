import ky from "ky";
import { ConnectionError, InvalidOptionsError, UnexpectedResponseError } from "../error-family.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import type { Unspeakable } from "./failure-context.ts";
import { nodeTimeout } from "./node-timeout.ts";
import { asErrorCode, safeCause } from "./safe-cause.ts";

/** Bun ends every fetch after some minutes of silence unless told otherwise; other runtimes ignore the field. */
const BUN_FETCH_OPTIONS = { timeout: false };

export interface WireRequest extends Unspeakable {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined`: it is a GET. */
  readonly body: string | undefined;
  readonly signal: AbortSignal;
  readonly fetch: typeof globalThis.fetch;
  /** For error messages. */
  readonly provider: string;
  readonly model: string;
}

/**
 * Sends one request and resolves with its response, whatever its status. Retries nothing and sets no time limit: the
 * policies above do both. Never follows a redirect, because it would carry the key and the conversation elsewhere.
 *
 * ky builds a Request, whose body would run through a transform stream, and through which an abort is lost once the
 * garbage collector ran (ky 2.1). So ky gets neither body nor signal, nor headers, which it would copy three times: the
 * inner fetch takes them from outside.
 */
export async function sendRequest(request: WireRequest): Promise<Response> {
  const { headers, body, signal, fetch } = request;
  const method = body === undefined ? "GET" : "POST";
  let response: Response;
  try {
    response = await ky(request.url, {
      method,
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
      fetch: async (kyRequest) => {
        const given: unknown = await fetch((kyRequest as Request).url, {
          method,
          headers,
          body: body ?? null,
          signal,
          // "error" is not to be had in every runtime (workerd), and could not say what happened.
          redirect: "manual",
          ...BUN_FETCH_OPTIONS,
        });
        if (isResponse(given)) return given;
        throw new TypeError("fetch gave no Response");
      },
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw connectionError(error, request);
  }
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    response.body?.cancel().catch(() => {});
    throw new UnexpectedResponseError(
      `${request.provider} at ${new URL(request.url).host} redirects elsewhere. Redirects are never followed; correct the base URL.`,
      { provider: request.provider, model: request.model, status: response.status || undefined },
    );
  }
  return response;
}

/** Not `instanceof`: a fetch of the user's may come with a Response of its own. */
function isResponse(given: unknown): given is Response {
  const { status, headers } = (given ?? {}) as { status?: unknown; headers?: { get?: unknown } };
  return typeof status === "number" && typeof headers?.get === "function";
}

/** What a failed connection means, by the code of its innermost cause (Node's and undici's). */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    "ECONNREFUSED",
    "Nothing accepts connections there: the host is down, the base URL is wrong, or a local server was not started.",
  ],
  ["ECONNRESET", "The connection was reset: a proxy, VPN or firewall may be in between."],
  ["ENOTFOUND", "The host name could not be resolved: check the network, DNS and the base URL."],
  ["EAI_AGAIN", "The host name could not be resolved: check the network and DNS."],
  ["ETIMEDOUT", "The host did not answer: check the network, proxy and firewall."],
  ["UND_ERR_CONNECT_TIMEOUT", "The host did not answer: check the network, proxy and firewall."],
  ["UND_ERR_SOCKET", "The server closed the connection without an answer."],
]);

/** Turns what `fetch` threw into a typed error that holds nothing of the request: fetch libraries put headers into theirs. */
export function connectionError(
  error: unknown,
  request: Pick<WireRequest, "url" | "provider" | "model" | keyof Unspeakable>,
): ResilientClientError {
  const { provider, model } = request;
  const cause = safeCause(innermost(error), request) as Error & { readonly code?: string };
  const { code = "", message } = cause;
  const details: ErrorDetails = { provider, model, cause };
  if (code === "UND_ERR_HEADERS_TIMEOUT") return nodeTimeout("headers", details);
  const { host, port } = new URL(request.url);
  // Node's words for a port that fetch never connects to: https://fetch.spec.whatwg.org/#port-blocking
  if (message === "bad port" && port) {
    const remedy = `which stands in the base URL (${host}). Use another port.`;
    return new InvalidOptionsError(`${provider}: fetch refuses to connect to port ${port}, ${remedy}`, details);
  }
  const isTls = /CERT|TLS|SSL/.test(code);
  const remedy =
    REMEDIES.get(code) ?? (isTls ? "The TLS handshake failed: something in between may be intercepting it." : "");
  const where = `Could not reach ${provider} at ${host}`;
  return new ConnectionError(`${where} (${code || message}). ${remedy}`.trim(), details);
}

/** The innermost cause that says something. */
function innermost(error: unknown): unknown {
  let found = error;
  let current = error;
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    const { code, message, cause } = current as { code?: unknown; message?: unknown; cause?: unknown };
    if (asErrorCode(code) || (typeof message === "string" && message)) found = current;
    current = cause;
  }
  return found;
}
