import type { ChatRequest } from "../chat/chat-request.ts";

/**
 * Where a call goes, if not to chat completions. Inside, every call is a chat request and every answer chat chunks: so all
 * policies hold for all endpoints. Each is a part of its own, loaded with its first call.
 */
export interface Endpoint {
  /** The ability a provider needs for it. */
  readonly name: "fim" | "models" | "balance";
  /** Behind the base URL. */
  readonly path: string;
  /** The body to send. Absent: it is looked up by GET, and no model answers. */
  readonly encode?: ((request: ChatRequest) => object) | undefined;
  /**
   * The server's JSON, as chat completions would say it: an event of a stream, or a whole body. Errors are left as they are.
   * Throws what `unexpected` makes of it, where it is neither.
   */
  read(json: unknown, isWhole: boolean, unexpected: (what: string) => Error): unknown;
}

/** How what was given becomes a call. */
export interface Preparation<P> {
  /** `undefined`: chat completions. */
  readonly endpoint: Endpoint | undefined;
  /** @throws InvalidRequestError */
  prepare(params: P): ChatRequest;
}

/** Whether a call looks something up: no model answers it. */
export function isLookUp(endpoint: Endpoint | undefined): boolean {
  return endpoint !== undefined && !endpoint.encode;
}

const LOOK_UP = "GET ";

/** What stands in place of a model where something is looked up, as in `GET /models`: in reports, and for what is known of a provider. */
export function nameOfLookUp(path: string): string {
  return LOOK_UP + path;
}

/** Whether what is called a model is one of those names. */
export function isNameOfLookUp(model: string): boolean {
  return model.startsWith(`${LOOK_UP}/`);
}
