import type { Clock } from "../async/clock.ts";
import type { Progress } from "../call.ts";
import { StreamInterruptedError, UnexpectedResponseError } from "../error-family.ts";
import type { ErrorDetails, ResilientClientError } from "../errors.ts";
import { detailsOf, type FailureContext, whoIs } from "./failure-context.ts";
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
  cancel(): void;
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
  const details = detailsOf(context);
  // A fetch of the user's may have read it already, to log it.
  if (response.body?.locked || response.bodyUsed)
    throw new UnexpectedResponseError(`The body of ${context.provider}'s response was read already.`, details);
  const reader = response.body?.getReader();
  let size = 0;
  const release = () => signal.removeEventListener("abort", cancel);
  const cancel = () => {
    release();
    reader?.cancel().catch(() => {});
  };
  // The signal given to fetch is not enough: an abort can be lost once the body streams. This ends a read anywhere.
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });

  const fail = (error: unknown): never => {
    cancel();
    if (signal.aborted) throw signal.reason;
    throw interruption(error, context);
  };
  const accept = (value: Uint8Array | undefined) => {
    // A fetch of the user's may give anything.
    if (signal.aborted || (value !== undefined && !ArrayBuffer.isView(value)))
      return fail(new TypeError("the body is not made of bytes"));
    size += value?.byteLength ?? 0;
    if (value) progress.bytes();
    else release();
    return value;
  };
  const readWith = <T>(use: (bytes: Uint8Array | undefined) => T | Promise<T>): Promise<T> =>
    (reader ? reader.read() : NOTHING).then(({ value }) => use(accept(value)), fail);

  return {
    get size() {
      return size;
    },
    cancel,
    read: () => readWith((bytes) => bytes),
    readWith,
    async finish() {
      const stop = clock.after(FINISH_GRACE_MS, cancel);
      try {
        for (let left = FINISH_GRACE_BYTES; left > 0; ) {
          const { value } = (await reader?.read()) ?? {};
          if (!value) break;
          left -= value.byteLength;
          if (left <= 0) cancel();
        }
      } catch {
        // The answer is complete: how its connection ends does not matter.
      }
      stop();
      release();
    },
  };
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
