import { ignoreRejection, raceAbort } from "../async/abort.ts";
import type { AttemptCall, Reply } from "../call.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import type { ChatCompletion, ChatCompletionChunk } from "../chat/chat-response.ts";
import { copyRequest } from "../chat/copy-request.ts";
import { aFunction, aString } from "../check-shape.ts";
import { InvalidOptionsError, UnexpectedResponseError } from "../error-family.ts";
import { ResilientClientError } from "../errors.ts";
import type { ChunkSource } from "../transport/chunk-source.ts";
import type { FailureContext } from "../transport/failure-context.ts";
import { openReply } from "../transport/open-reply.ts";
import { safeCause } from "../transport/safe-cause.ts";
import { commonFields, modelNames } from "./host-options.ts";
import {
  type Abilities,
  CHAT_ABILITIES,
  GOES_NOT_ON,
  missingAbility,
  missingEndpoint,
  ONLY_CHAT,
  type Provider,
  type ProviderOptions,
  withAbilities,
} from "./provider.ts";
import { createDecoder } from "./wire-format.ts";

/** What a custom provider may answer with: the text, a whole completion, or chunks as they come. */
export type CustomAnswer = string | ChatCompletion | AsyncIterable<ChatCompletionChunk>;

/** Options of `custom()`. */
export interface CustomOptions extends ProviderOptions {
  /** For reports, events and `CallOptions.providers`; unique within a client. */
  readonly name: string;
  /**
   * Answers a request. Should give up when `signal` aborts. Throw a `BusyError` to be asked again later, or any other of
   * the typed errors; everything else counts as `unexpected_response`.
   */
  readonly send: (
    request: ChatRequest,
    context: {
      /** The model by this provider's own name. */
      readonly model: string;
      /** Aborts when nobody waits for the answer any more. */
      readonly signal: AbortSignal;
    },
  ) => CustomAnswer | Promise<CustomAnswer>;
  /** The model name reported, whatever the request says. @defaultValue the requested one */
  readonly model?: string | undefined;
  /** What it can do; requests that need more skip it. @defaultValue everything but going on with an answer */
  readonly abilities?: Partial<Omit<Abilities, keyof typeof ONLY_CHAT>> | undefined;
}

/**
 * A provider of your own: a cache, a rule, a queue, another SDK. Its answers are held to the same standard as a
 * server's: without a finish reason they are incomplete.
 *
 * @example
 * custom({ name: "sorry", afterRounds: 3, send: () => "All models are busy. Please try again in a few minutes." });
 * @throws InvalidOptionsError when an option is out of range.
 */
export function custom(options: CustomOptions): Provider {
  const name = options?.name;
  const common = commonFields(name, options, { send: aFunction, model: aString, abilities: CHAT_ABILITIES });
  if (!options.send) throw new InvalidOptionsError(`${name}: send must be a function, got nothing.`);
  const usual: Abilities = {
    tools: true,
    forcedTools: true,
    json: true,
    thinking: true,
    images: true,
    ...GOES_NOT_ON,
    ...ONLY_CHAT,
  };
  const abilities = withAbilities(usual, options.abilities);
  return {
    ...common,
    abilities,
    // It has no headers and no wire: a promise of a whole answer is bounded by `startMs`, chunks by `contentMs`.
    hostTimeouts: { headersMs: Number.POSITIVE_INFINITY, wireMs: Number.POSITIVE_INFINITY },
    keepAlives: false,
    usesKey: false,
    hasNewKey: async () => false,
    model: modelNames(options.model, undefined),
    window: () => undefined,
    unable: (call) => missingEndpoint(call, abilities) ?? missingAbility(call.request, abilities),
    send: (call) => answer(options, call),
  };
}

async function answer({ send }: CustomOptions, call: AttemptCall): Promise<Reply> {
  const { provider, model, request, signal } = call;
  const context: FailureContext = { provider, model, secrets: [], messages: request.messages };
  try {
    const given = await send({ ...copyRequest(request), model }, { model, signal });
    call.progress.headers();
    const source = isIterable(given) ? fromIterable(given, call, context) : fromWhole(given, call, context);
    return await openReply(source, call, { provider, model });
  } catch (error) {
    throw asTypedError(error, call);
  }
}

function isIterable(given: CustomAnswer): given is AsyncIterable<ChatCompletionChunk> {
  return typeof given === "object" && given !== null && Symbol.asyncIterator in given;
}

function fromWhole(given: string | ChatCompletion, call: AttemptCall, context: FailureContext): ChunkSource {
  const whole = typeof given === "string" ? wrapText(given, call) : given;
  let chunks: readonly ChatCompletionChunk[] | undefined;
  let position = 0;
  return {
    size: 0,
    take: () => (chunks && position < chunks.length ? chunks[position++] : undefined),
    async read() {
      if (chunks) return false;
      chunks = createDecoder(context).completion(whole);
      call.progress.bytes();
      return true;
    },
    cancel() {},
    async finish() {},
  };
}

function wrapText(content: string, { clock, model }: AttemptCall): ChatCompletion {
  const message = { role: "assistant", content } as const;
  return {
    id: "custom",
    object: "chat.completion",
    created: Math.floor(clock.now() / 1000),
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
  };
}

function fromIterable(
  given: AsyncIterable<ChatCompletionChunk>,
  call: AttemptCall,
  context: FailureContext,
): ChunkSource {
  const iterator = given[Symbol.asyncIterator]();
  const decode = createDecoder(context);
  // Ends a wait for the next chunk, whatever the iterator does.
  const over = new AbortController();
  let chunk: ChatCompletionChunk | undefined;
  const cancel = () => {
    if (over.signal.aborted) return;
    call.signal.removeEventListener("abort", cancel);
    over.abort();
    ignoreRejection((async () => iterator.return?.())());
  };
  call.signal.addEventListener("abort", cancel, { once: true });
  return {
    size: 0,
    take() {
      const taken = chunk;
      chunk = undefined;
      return taken;
    },
    async read() {
      try {
        const next = await raceAbort(iterator.next(), over.signal, () => {});
        if (next.done) return false;
        call.progress.bytes();
        chunk = decode.chunk(next.value);
        return true;
      } catch (error) {
        if (over.signal.aborted && !call.signal.aborted) return false;
        throw asTypedError(error, call);
      }
    },
    cancel,
    async finish() {
      cancel();
    },
  };
}

function asTypedError(error: unknown, { provider, model, signal, request: { messages } }: AttemptCall): unknown {
  if (signal.aborted) return signal.reason;
  if (ResilientClientError.isInstance(error)) return error;
  const cause = safeCause(error, { secrets: [], messages });
  return new UnexpectedResponseError(`${provider} failed: ${cause.message}`, { provider, model, cause });
}
