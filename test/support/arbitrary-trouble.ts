import fc from "fast-check";
import type { Framing, ScriptStep, SimulatorOptions } from "../../src/testing/index.ts";

const place = fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined });
const constants = <const T extends readonly string[]>(...values: T) => fc.constantFrom<T[number]>(...values);

/** Everything that can go wrong with a request: every row of the table of failures. */
const trouble: fc.Arbitrary<ScriptStep> = fc.oneof(
  { weight: 5, arbitrary: fc.constant("ok" as const) },
  constants("busy", "rate_limited", "cut", "stall", "black_hole", "outage"),
  constants("web_page", "plain_text", "content_filter", "invalid_request"),
  constants("authentication", "insufficient_balance", "permission", "context_length"),
  fc.record({
    kind: constants("web_page", "plain_text", "busy"),
    status: fc.constantFrom(200, 500, 502, 503, 504, 520, 529),
  }),
  fc.record({ kind: fc.constant("web_page" as const), status: fc.constant(403) }),
  fc.record({ kind: fc.constant("queue" as const), forMs: fc.constantFrom(1, 5_000, 50_000, 700_000) }),
  fc.record({ kind: fc.constant("cut" as const), afterBytes: fc.integer({ min: 0, max: 9_000 }) }),
  fc.record({ kind: fc.constant("stall" as const), afterTokens: place, keepAlives: fc.boolean() }),
  fc.record({
    kind: constants("busy", "rate_limited"),
    retryAfterMs: fc.integer({ min: 0, max: 200_000 }),
    form: constants("ms", "seconds", "date"),
  }),
  fc.record({
    kind: fc.constant("finish" as const),
    reason: constants("insufficient_system_resource", "aborted", "length", "error", "content_filter", "bored"),
    afterTokens: place,
  }),
  fc.record({
    kind: fc.constant("in_stream_error" as const),
    level: constants("event", "choice", "named"),
    status: fc.constantFrom(400, 401, 402, 429, 500, 502, 503),
    as: constants("number", "string", "text"),
    afterFinish: fc.boolean(),
    afterTokens: place,
  }),
  fc.record({ kind: fc.constant("end" as const), done: fc.boolean(), afterTokens: place }),
  fc.record({ kind: fc.constant("empty" as const), what: constants("nothing", "whitespace", "reasoning", "newlines") }),
  fc.record({ kind: fc.constant("malformed" as const), what: constants("tool_call", "markup", "event", "bytes") }),
);

const framing: fc.Arbitrary<Framing> = fc.record(
  {
    lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
    byteOrderMark: fc.boolean(),
    writeBytes: fc.constantFrom(1, 7, 100, Number.POSITIVE_INFINITY),
    comments: fc.boolean(),
    dataLines: fc.boolean(),
    spaceAfterColon: fc.boolean(),
    otherFields: fc.boolean(),
    unterminated: fc.boolean(),
    junk: constants("text", "bytes"),
  },
  { requiredKeys: [] },
);

/** A host: whom it speaks like, how it lays out its answers, and what goes wrong with them. */
const host: fc.Arbitrary<Pick<SimulatorOptions, "dialect" | "thinkTag" | "framing" | "script">> = fc.record({
  dialect: constants("deepseek", "openrouter", "lmStudio", "ollama"),
  thinkTag: constants("both", "close"),
  framing,
  script: fc.array(trouble, { maxLength: 12 }),
});

/** A call over some hosts, aborted at some time or never. */
export function arbitraryScenario({ maxHosts, abortWithinMs }: { maxHosts: number; abortWithinMs: number }) {
  return fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    hosts: fc.array(host, { minLength: 1, maxLength: maxHosts }),
    wire: constants("stream", "json"),
    isStream: fc.boolean(),
    /** Whether hosts that have a route of their own are asked there. */
    isNative: fc.boolean(),
    abortAtMs: fc.option(fc.integer({ min: 0, max: abortWithinMs }), { freq: 2 }),
  });
}
