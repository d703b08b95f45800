import type { Clock } from "../async/clock.ts";
import type { Progress } from "../call.ts";
import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import { whoIs } from "../server-words.ts";
import { detailsOf, type FailureContext } from "./failure-context.ts";
import { nodeTimeout } from "./node-timeout.ts";
import { safeCause } from "./safe-cause.ts";

/** After `[DONE]` the end of the body is due at once; a server that goes on, or keeps the connection open, loses it. */
const FINISH_GRACE_MS = 100;
const FINISH_GRACE_BYTES = 64 * 1024;

const NOTHING: Promise<{ readonly value?: undefined }> = Promise.resolve({});

/** The bytes of a response body, one network read at a time. */
export interface BodyReader {
  /** Bytes read so far. */
  readonly size: number;
  /** `undefined` at the end. Rejects with the signal's reason, or with a typed error. */
  read(): Promise<Uint8Array | undefined>;
  /** As `read`; what came is handed to `use` at once, so that a read costs one promise. */
  readWith<T>(use: (bytes: Uint8Array | undefined) => T | Promise<T>): Promise<T>;
  /** Needs no `this`, so that it can be handed on. */
  readonly cancel: () => void;
  /** Reads the little that is left, so that the connection can serve the next call; closes it when more comes. */
  finish(): Promise<void>;
}

export function createBodyReader(
  response: Response,
  signal: AbortSignal,
  clock: Clock,
  progress: Progress,
  context: FailureContext,
): BodyReader {
  // A fetch of the user's may have read it already, to log it.
  if (response.body?.locked || response.bodyUsed) {
    const message = `The body of ${context.provider}'s response was read already.`;
    throw new UnexpectedResponseError(message, detailsOf(context));
  }
  return new ResponseBody(response.body?.getReader(), signal, clock, progress, context);
}

class ResponseBody implements BodyReader {
  size = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #progress: Progress;
  readonly #context: FailureContext;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
    signal: AbortSignal,
    clock: Clock,
    progress: Progress,
    context: FailureContext,
  ) {
    this.#reader = reader;
    this.#signal = signal;
    this.#clock = clock;
    this.#progress = progress;
    this.#context = context;
    // The signal given to fetch is not enough: an abort can be lost once the body streams. This ends a read anywhere.
    if (signal.aborted) this.cancel();
    else signal.addEventListener("abort", this.cancel, { once: true });
  }

  readonly cancel = (): void => {
    this.#release();
    this.#reader?.cancel().catch(() => {});
  };

  read(): Promise<Uint8Array | undefined> {
    return this.readWith((bytes) => bytes);
  }

  readWith<T>(use: (bytes: Uint8Array | undefined) => T | Promise<T>): Promise<T> {
    return (this.#reader ? this.#reader.read() : NOTHING).then(({ value }) => use(this.#accept(value)), this.#fail);
  }

  async finish(): Promise<void> {
    const stop = this.#clock.after(FINISH_GRACE_MS, this.cancel);
    try {
      for (let left = FINISH_GRACE_BYTES; left > 0; ) {
        const { value } = (await this.#reader?.read()) ?? {};
        if (!value) break;
        left -= value.byteLength;
        if (left <= 0) this.cancel();
      }
    } catch {
      // The answer is complete: how its connection ends does not matter.
    }
    stop();
    this.#release();
  }

  #accept(value: Uint8Array | undefined): Uint8Array | undefined {
    // A fetch of the user's may give anything.
    if (this.#signal.aborted || (value !== undefined && !ArrayBuffer.isView(value)))
      return this.#fail(new TypeError("the body is not made of bytes"));
    if (value) {
      this.size += value.byteLength;
      this.#progress.bytes();
    } else this.#release();
    return value;
  }

  readonly #fail = (error: unknown): never => {
    this.cancel();
    if (this.#signal.aborted) throw this.#signal.reason;
    throw interruption(error, this.#context);
  };

  #release(): void {
    this.#signal.removeEventListener("abort", this.cancel);
  }
}

/** The text of an error response; the connection is closed when there is more of it than anybody needs. */
export async function readText(body: BodyReader, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const read = await body.read();
    if (!read) return text + decoder.decode();
    bytes += read.byteLength;
    text += decoder.decode(read, { stream: true });
    if (bytes < maxBytes) continue;
    body.cancel();
    return text;
  }
}

function interruption(error: unknown, context: FailureContext): ResilientClientError {
  const inner = (error as { cause?: unknown } | null | undefined)?.cause ?? error;
  const cause = safeCause(inner, context) as Error & { readonly code?: string };
  const details: ErrorDetails = { ...detailsOf(context), cause };
  if (cause.code === "UND_ERR_BODY_TIMEOUT") return nodeTimeout("wire", details);
  const who = whoIs(context);
  return new StreamInterruptedError(`${who} broke the connection off (${cause.message}).`, details);
}
