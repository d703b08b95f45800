import type { ChatClient } from "../client/chat-client.ts";
import type { CallOptions } from "../client-options.ts";
import type { InferInput, InferOutput, StandardSchema } from "../standard-schema.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { DeepPartial } from "./deep-partial.ts";
import { type ParseParams, planParse } from "./parse-params.ts";
import { LiveParseStream, type ParseStream } from "./parse-stream.ts";

/**
 * As `parse()`, and shows the value while it comes. An answer that breaks off and cannot go on starts again (`resume.onUnresumable` is
 * `"reset"` here), unless the call's own options say otherwise.
 *
 * @example
 * const stream = streamParse(client, { model: "deepseek-flash", messages, schema });
 * for await (const partial of stream.partials()) render(partial);
 * const recipe = await stream.finalValue();
 * @throws InvalidOptionsError at once, for parameters that are wrong.
 */
export function streamParse<S extends StandardSchema>(
  client: ChatClient,
  params: ParseParams<S>,
  options: CallOptions = {},
): ParseStream<InferOutput<S>, DeepPartial<InferInput<S>>> {
  const { resume } = options;
  const restarts = resume !== false && {
    resume: { onUnresumable: "reset" as const, ...withoutUndefined(resume ?? {}) },
  };
  return new LiveParseStream(planParse(client, params, { ...options, ...restarts }, "streamParse"));
}
