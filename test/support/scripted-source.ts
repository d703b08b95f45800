import { defer } from "../../src/async/deferred.ts";
import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import type { ChunkSource } from "../../src/transport/chunk-source.ts";
import { HANG } from "./wire-response.ts";

/** What one read of a source gives: chunks, a failure, or silence until somebody cancels. */
export type SourceRead = readonly ChatCompletionChunk[] | { readonly error: unknown } | typeof HANG;

interface ScriptedSource extends ChunkSource {
  /** Fails the read that waits in silence. */
  fail(error: unknown): void;
  readonly cancels: number;
  readonly finishes: number;
  readonly reads: number;
}

/** A source that gives these reads, then ends. Like a response's body, a cancelled one ends at once. */
export function makeSource(...script: readonly SourceRead[]): ScriptedSource {
  const seen = { cancels: 0, finishes: 0, reads: 0 };
  let ready: ChatCompletionChunk[] = [];
  const silence = defer<boolean>();
  return {
    size: 0,
    take: () => ready.shift(),
    async read() {
      if (seen.cancels > 0) return false;
      const step = script[seen.reads];
      seen.reads += 1;
      if (step === undefined) return false;
      if (step === HANG) return silence.promise;
      if ("error" in step) throw step.error;
      ready = [...step];
      return true;
    },
    cancel() {
      seen.cancels += 1;
      silence.resolve(false);
    },
    fail: silence.reject,
    async finish() {
      seen.finishes += 1;
    },
    get cancels() {
      return seen.cancels;
    },
    get finishes() {
      return seen.finishes;
    },
    get reads() {
      return seen.reads;
    },
  };
}
