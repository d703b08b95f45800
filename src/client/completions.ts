import type { ChatCompletionParams, ChatModel, ChatRequest, StreamFields } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { Feature, Fitting } from "../chat/fitting-request.ts";
import type { CallOptions } from "../client-options.ts";
import type { CallPromise } from "./call-promise.ts";
import { ChatStream } from "./chat-stream.ts";
import { collect, openStream, track } from "./collect-answer.ts";
import type { Session } from "./session.ts";

/** Asks for answers. */
export interface ChatCompletions {
  /**
   * Asks for an answer and resolves when it is complete: with an accepted finish reason and, where text is required,
   * text. Nothing else counts as an answer. `length` is accepted: the answer is as long as `max_tokens` let it be, which
   * may be no text at all after long thinking.
   *
   * With `stream: true` it resolves with a stream at the first token; what fails before it rejects the promise.
   *
   * @example
   * const { choices } = await client.chat.completions.create({ model: "deepseek-flash", messages });
   * @throws ResilientClientError one of the error family; `error.code` says which. The abort reason, when aborted.
   */
  create<
    Model extends ChatModel,
    Features extends Feature = never,
    Stream extends boolean | null | undefined = undefined,
  >(
    params: ChatRequest & StreamFields<Stream> & Fitting<Model, Features>,
    options?: CallOptions,
  ): CallPromise<Stream extends true ? ChatStream : ChatCompletion>;
  /**
   * A stream at once: it connects when it is first read, which also rejects with what is wrong with the request.
   * @throws InvalidOptionsError at once, for options that are wrong.
   */
  stream<Model extends ChatModel, Features extends Feature = never>(
    params: ChatCompletionParams & Fitting<Model, Features>,
    options?: CallOptions,
  ): ChatStream;
}

export type StartSession = (params: ChatCompletionParams, options: CallOptions) => Session;

export function createChatCompletions(start: StartSession): ChatCompletions {
  const create = (params: ChatCompletionParams, options: CallOptions = {}) =>
    params?.stream
      ? track((done) => openStream(done(start(params, options))))
      : track((done) => collect(done(start(params, options))));
  return {
    // No compiler follows that `stream` decides which of the two it is.
    create: create as ChatCompletions["create"],
    stream: (params: ChatCompletionParams, options = {}) => new ChatStream(start({ ...params, stream: true }, options)),
  };
}
