import type { RawError } from "../support/read-recording.ts";

/** What the client must make of an error. */
interface ExpectedError {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Stand in the error's message. */
  readonly words: string;
}

type Rule = readonly [status: number, says: RegExp, code: string, more?: Readonly<Record<string, unknown>>];

/** Written by hand from the recorded words. The status is HTTP's, or the one an error inside a stream names. */
const RULES: readonly Rule[] = [
  [400, /^Failed to deserialize .* unknown variant `image_url`/, "invalid_request"],
  [400, /^Thinking mode does not support this tool_choice$/, "invalid_request"],
  [400, /^Pooling type 'none' is not OAI compatible/, "invalid_request"],
  [400, /^"documents" must be a non-empty string array$/, "invalid_request"],
  [400, /^unsupported content\[\]\.type$/, "invalid_request"],
  [400, /^Model no-such\/embedding-model does not exist$/, "invalid_request", { unknownModel: true }],
  // It says by how much, neither the window nor the whole: no numbers.
  [400, /^prompt too long; exceeded max context length by \d+ tokens/, "context_length"],
  [400, /^The total length of all messages is too long\.$/, "context_length"],
  // Inside a stream, after the finish reason `length`.
  [400, /^Token limit reached$/, "context_length"],
  [404, /^The model `.*` does not exist or you do not have access to it\.$/, "invalid_request", { unknownModel: true }],
  [429, /is temporarily rate-limited upstream/, "rate_limited"],
  [500, /^input \(4002 tokens\) is too large to process/, "busy"],
  [500, /^tools param requires --jinja flag$/, "busy"],
  // It will never work here: no trouble that passes.
  [501, /^This server does not support reranking/, "invalid_request"],
  [501, /^The current model does not support audio input\.$/, "invalid_request"],
];

/** @throws unless exactly one rule fits */
export function expectedError(httpStatus: number, error: RawError | undefined): ExpectedError {
  // An aggregator tells in `metadata.raw` what its upstream said.
  const words = error?.metadata?.raw ?? error?.message ?? "";
  const status = httpStatus === 200 ? Number(error?.code) : httpStatus;
  const [rule, ...others] = RULES.filter(([of, says]) => of === status && says.test(words));
  if (!rule || others.length > 0) throw new Error(`${others.length + (rule ? 1 : 0)} rules fit: ${status} ${words}`);
  const [, , code, more] = rule;
  return { fields: { code, status, ...more }, words };
}
