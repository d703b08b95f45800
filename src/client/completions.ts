import type { ChatCompletionParams, ChatModel, ChatRequest, StreamFields } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { Feature, Fitting } from "../chat/fitting-request.ts";
import type { CallOptions } from "../client-options.ts";
import { type CallPromise, withReport } from "./call-promise.ts";
import { ChatStream } from "./chat-stream.ts";
import { GivenAnswer } from "./given-answer.ts";
import type { Session } from "./session.ts";

/** The one endpoint this client has. */
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

async function openStream(session: Session): Promise<ChatStream> {
  const stream = new ChatStream(session);
  await stream.open();
  return stream;
}

async function collect(session: Session): Promise<ChatCompletion> {
  const given = new GivenAnswer("whole");
  try {
    const reply = await session.open(given.delivered);
    do {
      given.follow(reply);
      for (let chunk = reply.take(); chunk; chunk = reply.take()) given.add(chunk);
    } while (await reply.more());
    session.throwIfAborted();
    const completion = given.completion(reply);
    session.succeed();
    return completion;
  } catch (error) {
    throw session.fail(error, given.partial());
  }
}

function track<T>(run: (note: (session: Session) => Session) => Promise<T>): CallPromise<T> {
  let session: Session | undefined;
  const note = (started: Session) => {
    session = started;
    return started;
  };
  // `async` so that bad options, which `start` throws for, reject the promise too. A promise that resolved had a session.
  return withReport((async () => run(note))(), () => (session as Session).report());
}
