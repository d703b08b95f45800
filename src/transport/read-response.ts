import type { Progress } from "../call.ts";
import type { ChunkDecoder, ChunkSource } from "./chunk-source.ts";
import type { FailureContext } from "./failure-context.ts";
import type { BodyReader } from "./read-body.ts";
import { readEventStream } from "./read-event-stream.ts";
import { emptyBody, readJsonBody } from "./read-json-body.ts";

/**
 * Reads an answer by what it is, not by what was asked for or what its content type says: many bodies are JSON under
 * another type, some hosts cannot stream, and a firewall sends a page. Blank lines before it are keep-alives.
 */
export function readAnswer(
  body: BodyReader,
  decode: ChunkDecoder,
  context: FailureContext,
  progress: Progress,
  wire: "stream" | "json",
): ChunkSource {
  let source: ChunkSource | undefined;
  return {
    get size() {
      return body.size;
    },
    cancel: body.cancel,
    finish: body.finish,
    take: () => source?.take(),
    read: () => (source ? source.read() : body.readWith(begin)),
  };

  function begin(bytes: Uint8Array | undefined): boolean | Promise<boolean> {
    // Only blank lines until the end, also where events were due: DeepSeek gave up a request in its queue.
    if (!bytes && body.size > 0) throw emptyBody(context);
    const start = bytes?.findIndex((byte) => !BLANKS.has(byte)) ?? 0;
    if (bytes && start < 0) return true;
    const first = bytes?.[start];
    // A body that ends before it began is judged as what was asked for.
    const isJson = first === undefined ? wire === "json" : MARKS_OF_JSON.has(first);
    // Without the blanks: the beginning of a byte order mark may have come with an earlier read.
    const again = replay(body, bytes?.subarray(start));
    source = isJson ? readJsonBody(again, decode, context, progress) : readEventStream(again, decode, context);
    return source.read();
  }
}

/** Space, tab, line breaks, and the three bytes of a byte order mark. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
/** An object, a list, and the `<` of a web page, which is no JSON either way. */
const MARKS_OF_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x3c]);

/** A body whose first read has been looked at. */
function replay(body: BodyReader, first: Uint8Array | undefined): BodyReader {
  let next = first;
  const readWith = <T>(use: (bytes: Uint8Array | undefined) => T | Promise<T>): Promise<T> => {
    const bytes = next;
    next = undefined;
    return bytes ? new Promise((resolve) => resolve(use(bytes))) : body.readWith(use);
  };
  return {
    get size() {
      return body.size;
    },
    cancel: body.cancel,
    finish: body.finish,
    read: () => readWith((bytes) => bytes),
    readWith,
  };
}
