import type { StreamFields } from "../chat/chat-request.ts";
import type { CallOptions } from "../client-options.ts";
import type { TextCompletion, TextCompletionParams, TextCompletionRequest } from "../endpoints/text-completion.ts";
import type { CallPromise } from "./call-promise.ts";
import { ChatStream } from "./chat-stream.ts";
import { collect, openStream, track } from "./collect-answer.ts";
import type { Session } from "./session.ts";
import { loadFim } from "./start-session.ts";
import { TextCompletionStream } from "./text-completion-stream.ts";

/** Fills gaps: fill-in-the-middle (beta). Everything that holds for chat holds here, but no provider can do it that is not `able`. */
export interface TextCompletions {
  /**
   * Asks for the text of a gap, and resolves when it is complete: with an accepted finish reason. It may be empty.
   *
   * With `stream: true` it resolves with a stream at the first token; what fails before it rejects the promise.
   *
   * @example
   * const { choices } = await client.completions.create({ model: "deepseek-flash", prompt: "def fib(n):\n", suffix: "\n" });
   * @throws ResilientClientError one of the error family; `error.code` says which. The abort reason, when aborted.
   */
  create<Stream extends boolean | null | undefined = undefined>(
    params: TextCompletionRequest & StreamFields<Stream>,
    options?: CallOptions,
  ): CallPromise<Stream extends true ? TextCompletionStream : TextCompletion>;
  /**
   * A stream at once: it connects when it is first read, which also rejects with what is wrong with the request.
   * @throws InvalidOptionsError at once, for options that are wrong.
   */
  stream(params: TextCompletionParams, options?: CallOptions): TextCompletionStream;
}

export function createTextCompletions(
  start: (params: TextCompletionParams, options: CallOptions) => Session,
): TextCompletions {
  const create = (params: TextCompletionParams, options: CallOptions = {}) => {
    const echo = echoOf(params);
    return params?.stream
      ? track(async (note) => new TextCompletionStream(await openStream(note(start(params, options))), echo))
      : track(async (note) => {
          const completion = await collect(note(start(params, options)));
          return (await loadFim()).toTextCompletion(completion, echo);
        });
  };
  return {
    // No compiler follows that `stream` decides which of the two it is.
    create: create as TextCompletions["create"],
    stream(params, options = {}) {
      const session = start({ ...params, stream: true }, options);
      return new TextCompletionStream(new ChatStream(session), echoOf(params));
    },
  };
}

/** What the text begins with. The client says it itself: a text that goes on elsewhere must not say it again. */
function echoOf(params: TextCompletionParams | undefined): string {
  return params?.echo ? params.prompt : "";
}
