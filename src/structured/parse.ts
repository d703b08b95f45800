import { ignoreRejection } from "../async/abort.ts";
import type { ChatClient } from "../client/chat-client.ts";
import type { CallOptions } from "../client-options.ts";
import type { InferOutput, StandardSchema } from "../standard-schema.ts";
import { type AskObserver, askUntilFits, type ParseResult } from "./ask-until-fits.ts";
import { type ParseParams, planParse } from "./parse-params.ts";

/** A promise of a value that also tells where it came from. */
export interface ParsePromise<T> extends Promise<T> {
  /** The value together with its answer and the reports of all calls. */
  withReport(): Promise<ParseResult<T>>;
}

/**
 * Asks for a typed value: JSON mode, the schema in the prompt, the answer read and checked, and where it does not fit, asked again with what
 * was wrong. Each ask is a call of its own, with all that protects calls, and with its own time limits.
 *
 * @example
 * const recipe = await parse(client, { model: "deepseek-flash", messages, schema: z.object({ title: z.string(), steps: z.array(z.string()) }) });
 * @throws SchemaError when no answer fits; `error.issues` says why, `error.raw` is the last one.
 * @throws what `chat.completions.create` throws
 */
export function parse<S extends StandardSchema>(
  client: ChatClient,
  params: ParseParams<S>,
  options: CallOptions = {},
): ParsePromise<InferOutput<S>> {
  const whole: AskObserver = { begin: () => {}, read: (stream) => stream.finalChatCompletion() };
  return parsePromise((async () => askUntilFits(planParse(client, params, options, "parse"), whole))());
}

export function parsePromise<T>(result: Promise<ParseResult<T>>): ParsePromise<T> {
  const data = result.then((parsed) => parsed.data);
  return Object.assign(data, {
    withReport() {
      ignoreRejection(data);
      return result;
    },
  });
}
