import type { Endpoint } from "../endpoints/endpoint.ts";
import { UnexpectedResponseError } from "../error-family.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";
import { detailsOf, type FailureContext } from "../transport/failure-context.ts";
import { createDecoder } from "./wire-format.ts";

/** Reads the answers of another endpoint: said as chat says it, they are held to the same. */
export function createEndpointDecoder({ read }: Endpoint, context: FailureContext): ChunkDecoder {
  const decode = createDecoder(context);
  const unexpected = (what: string) =>
    new UnexpectedResponseError(`${whoIs(context)} sent ${what}.`, detailsOf(context));
  return {
    chunk: (json) => decode.chunk(read(json, false, unexpected)),
    completion: (json) => decode.completion(read(json, true, unexpected)),
  };
}
