import type { ChatCompletionParams } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { CallOptions } from "../client-options.ts";
import type { CallPromise } from "./call-promise.ts";
import { ChatStream } from "./chat-stream.ts";
import { collect, openStream, track } from "./collect-answer.ts";
import type { Session } from "./session.ts";

/** Asks for answers. */
export interface ChatCompletions {
  /**
   * Asks for an answer as a stream. Resolves at the first token; what fails before it rejects the promise.
   * @throws what {@link ChatCompletions.create} throws
   */
  create(params: ChatCompletionParams & { readonly stream: true }, options?: CallOptions): CallPromise<ChatStream>;
  /**
   * Asks for an answer and resolves when it is complete: with an accepted finish reason and, where text is required,
   * text. Nothing else counts as an answer. `length` is accepted: the answer is as long as `max_tokens` let it be, which
   * may be no text at all after long thinking.
   *
   * @example
   * const { choices } = await client.chat.completions.create({ model: "deepseek-flash", messages });
   * @throws ResilientClientError one of the error family; `error.code` says which. The abort reason, when aborted.
   */
  create(
    params: ChatCompletionParams & { readonly stream?: false | null },
    options?: CallOptions,
  ): CallPromise<ChatCompletion>;
  /** Asks for an answer, whole or as a stream, where only `params.stream` knows which. */
  create(params: ChatCompletionParams, options?: CallOptions): CallPromise<ChatCompletion | ChatStream>;
  /**
   * A stream at once: it connects when it is first read, which also rejects with what is wrong with the request.
   * @throws InvalidOptionsError at once, for options that are wrong.
   */
  stream(params: ChatCompletionParams, options?: CallOptions): ChatStream;
}

export type StartSession = (params: ChatCompletionParams, options: CallOptions) => Session;

export function createChatCompletions(start: StartSession): ChatCompletions {
  function create(
    params: ChatCompletionParams & { readonly stream: true },
    options?: CallOptions,
  ): CallPromise<ChatStream>;
  function create(
    params: ChatCompletionParams & { readonly stream?: false | null },
    options?: CallOptions,
  ): CallPromise<ChatCompletion>;
  function create(
    params: ChatCompletionParams,
    options: CallOptions = {},
  ): CallPromise<ChatStream> | CallPromise<ChatCompletion> {
    return params?.stream
      ? track((done) => openStream(done(start(params, options))))
      : track((done) => collect(done(start(params, options))));
  }
  return {
    create,
    stream: (params, options = {}) => new ChatStream(start({ ...params, stream: true }, options)),
  };
}
