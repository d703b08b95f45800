import type { FinishReason } from "../chat/chat-response.ts";
import { aBoolean, aString, type Check, group, listOf, oneOf, refuse } from "../check-shape.ts";
import { type Fields, isFields } from "../parse-json.ts";

/** How a host is told whether, and how much, its model shall think. */
export interface ThinkingWords {
  /** What a request says so that it thinks: `{ enable_thinking: true }`. @defaultValue nothing */
  readonly on?: Fields | undefined;
  /** What a request says so that it does not think; also where an answer goes on behind text by best effort. @defaultValue nothing: that it was asked for is told in `report.changes` */
  readonly off?: Fields | undefined;
  /** The field that holds the effort; `reasoning.effort` is one within an object. @defaultValue none: the effort is left out, and told */
  readonly effort?: "reasoning_effort" | "reasoning.effort" | undefined;
  /** The efforts it knows, least first. Another becomes the nearest one. @defaultValue `["low", "medium", "high"]` */
  readonly efforts?: readonly string[] | undefined;
  /** Whether the effort stands beside `on`, and not in its place: some hosts refuse both, some want both. @defaultValue false */
  readonly both?: boolean | undefined;
}

/**
 * What an error of a host means. `unknown_model`: an `invalid_request`, because it has no model of that name; `unable_model`: one,
 * because its model cannot do what is asked. Of both, other providers are asked. The others are codes of errors: see `ErrorCode`.
 */
export type HostFailure =
  | "busy"
  | "rate_limited"
  | "authentication"
  | "insufficient_balance"
  | "permission"
  | "context_length"
  | "content_filter"
  | "invalid_request"
  | "unknown_model"
  | "unable_model";

/** How a host says what DeepSeek says in other words. All of it has a default: what most hosts do. */
export interface DialectOptions {
  /** How it is told to think. @defaultValue `thinking` and `reasoning_effort` are sent as they are */
  readonly thinking?: ThinkingWords | undefined;
  /** The field in which it takes back what was thought earlier; `none`: it takes nothing back, and nothing is sent. @defaultValue "reasoning_content" */
  readonly earlierThinking?: "reasoning_content" | "reasoning" | "none" | undefined;
  /**
   * What JSON mode is there. `json_object`: that alone, a schema goes into the prompt; `json_schema`: that alone, `json_object` becomes a
   * schema that any object fits; `both`: what is asked for. JSON mode gets the word "json" into its prompt. @defaultValue "both"
   */
  readonly jsonMode?: "json_object" | "json_schema" | "both" | undefined;
  /** `alternating`: after the system messages, user and assistant take turns there; messages of the same one in a row are joined. @defaultValue "any" */
  readonly turns?: "any" | "alternating" | undefined;
  /** `max_tokens`: it does not know OpenAI's newer name, `max_completion_tokens`, which becomes that. @defaultValue "either" */
  readonly tokenLimit?: "max_tokens" | "either" | undefined;
  /** Whether it knows the role `developer`; else it becomes `system`. @defaultValue true */
  readonly developerRole?: boolean | undefined;
  /** Parameters it refuses, or passes over: they are left out, and `report.changes` tells of them. @defaultValue none */
  readonly leftOut?: readonly string[] | undefined;
  /** `asked`: it counts the tokens of a stream when `stream_options` says so; `unasked`: it counts them anyway, or never, and is not told to. @defaultValue "asked" */
  readonly usage?: "asked" | "unasked" | undefined;
  /** Its own finish reasons in DeepSeek's words, as in `{ eos: "stop" }`. @defaultValue those of DeepSeek and OpenAI */
  readonly finishReasons?: Readonly<Record<string, FinishReason>> | undefined;
  /**
   * What the `code` or `type` of its errors means, as in `{ ServerOverloaded: "busy" }`; a name counts for all that begin with it and a
   * dot. @defaultValue the HTTP status and the message decide
   */
  readonly failures?: Readonly<Record<string, HostFailure>> | undefined;
  /** The response header that holds its id of the request. @defaultValue "x-request-id" */
  readonly requestIdHeader?: string | undefined;
}

const FAILURES: Readonly<Record<HostFailure, true>> = {
  busy: true,
  rate_limited: true,
  authentication: true,
  insufficient_balance: true,
  permission: true,
  context_length: true,
  content_filter: true,
  invalid_request: true,
  unknown_model: true,
  unable_model: true,
};

const FINISH_REASONS: readonly string[] = [
  "stop",
  "length",
  "tool_calls",
  "content_filter",
  "insufficient_system_resource",
];

const fields: Check = (value, label) => {
  if (!isFields(value)) refuse(label, "an object of request fields", value);
};

/** An object whose values are of these words. */
const wordsOf =
  (expected: string, known: readonly string[]): Check =>
  (value, label) => {
    if (!isFields(value) || !Object.values(value).every((word) => known.includes(word as string)))
      refuse(label, expected, value);
  };

/** What `dialect` may be. Made when it is needed, so that it is in no bundle without. */
export function aDialect(): Check {
  const texts = listOf("a list of texts", (entry) => typeof entry === "string" && entry !== "");
  return group({
    thinking: group({
      on: fields,
      off: fields,
      effort: oneOf("reasoning_effort", "reasoning.effort"),
      efforts: texts,
      both: aBoolean,
    }),
    earlierThinking: oneOf("reasoning_content", "reasoning", "none"),
    jsonMode: oneOf("json_object", "json_schema", "both"),
    turns: oneOf("any", "alternating"),
    tokenLimit: oneOf("max_tokens", "either"),
    developerRole: aBoolean,
    leftOut: texts,
    usage: oneOf("asked", "unasked"),
    finishReasons: wordsOf(`an object of ${FINISH_REASONS.join(", ")}`, FINISH_REASONS),
    failures: wordsOf(`an object of ${Object.keys(FAILURES).join(", ")}`, Object.keys(FAILURES)),
    requestIdHeader: aString,
  });
}
