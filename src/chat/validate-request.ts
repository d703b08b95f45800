import * as z from "zod/mini";
import { InvalidRequestError } from "../error-family.ts";
import type { ChatCompletionParams } from "./chat-request.ts";

// Compiling schemas with `new Function` is faster, but strict content security policies forbid even trying it.
z.config({ jitless: true });

// Only rules that every host has are errors here; the limits of one host are its own data. Unknown fields are let
// through: the API grows faster than this file.

const between = (min: number, max: number) =>
  z.nullish(
    z
      .number({ error: `must be a number from ${min} to ${max}` })
      .check(z.minimum(min, range(min, max)), z.maximum(max, range(min, max))),
  );

function range(min: number, max: number): { error: string } {
  return { error: `must be a number from ${min} to ${max}` };
}

const text = z.string({ error: "must be a string" });
const content = z.union([text, z.array(z.looseObject({ type: text })).check(z.minLength(1))], {
  error: "must be a string or a list of at least one part",
});

const toolCall = z.looseObject({ id: text, function: z.looseObject({ name: text, arguments: text }) });

const message = z.discriminatedUnion(
  "role",
  [
    z.looseObject({ role: z.enum(["system", "developer", "user"]), content }),
    z.looseObject({ role: z.literal("tool"), content, tool_call_id: text }),
    z.looseObject({
      role: z.literal("assistant"),
      content: z.nullish(content),
      reasoning_content: z.nullish(text),
      tool_calls: z.nullish(z.array(toolCall, { error: "must be a list of tool calls" })),
      prefix: z.nullish(z.boolean({ error: "must be true or false" })),
    }),
  ],
  { error: 'must have a role: "system", "user", "assistant" or "tool"' },
);

const tool = z.looseObject({
  type: text,
  function: z.optional(
    z.looseObject({
      name: text.check(z.regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 letters, digits, _ or -")),
    }),
  ),
});

const request = z.looseObject({
  model: z.string({ error: "must be the name of a model" }).check(z.minLength(1, "must be the name of a model")),
  messages: z
    .array(message, { error: "must be a list of messages" })
    .check(z.minLength(1, "must hold at least one message")),
  stream: z.nullish(z.boolean({ error: "must be true or false" })),
  max_tokens: z.nullish(
    z.int({ error: "must be a whole number from 1" }).check(z.minimum(1, "must be a whole number from 1")),
  ),
  temperature: between(0, 2),
  top_p: between(0, 1),
  frequency_penalty: between(-2, 2),
  presence_penalty: between(-2, 2),
  top_logprobs: between(0, 20),
  stop: z.nullish(z.union([text, z.array(text)], { error: "must be a string or a list of strings" })),
  n: z.nullish(z.literal(1, { error: "must be 1: make one call for each answer" })),
  tools: z.nullish(
    z
      .array(tool, { error: "must be a list of tools" })
      .check(z.minLength(1, "must not be an empty list; leave it out")),
  ),
  response_format: z.nullish(z.looseObject({ type: text })),
});

/**
 * Refuses a request that every host would refuse, before it costs a round trip.
 * Messages name the field, the value where it is no text of the conversation, and what is allowed.
 *
 * @throws InvalidRequestError
 */
export function validateRequest(params: ChatCompletionParams): void {
  const { error } = request.safeParse(params);
  const problem = error ? describeIssue(error.issues[0] as z.core.$ZodIssue, params) : findConflict(params);
  if (problem) throw new InvalidRequestError(`Invalid request: ${problem}.`);
}

function describeIssue(issue: z.core.$ZodIssue, params: unknown): string {
  const field = issue.path.reduce<string>(
    (path, key) => (typeof key === "number" ? `${path}[${key}]` : path ? `${path}.${String(key)}` : String(key)),
    "",
  );
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    params,
  );
  return `${field || "the parameters"} ${issue.message}, got ${describeValue(value)}`;
}

/** Numbers as they are; texts only by their length, because they may be the user's words. */
function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  return Array.isArray(value) ? `a list of ${value.length}` : `a value of type ${typeof value}`;
}

/** Rules over more than one field. */
function findConflict(params: ChatCompletionParams): string | undefined {
  const { messages, stream, stream_options: streamOptions, logprobs, top_logprobs: topLogprobs, tools } = params;
  if (streamOptions && !stream) return "stream_options is allowed only with stream: true";
  if (topLogprobs != null && !logprobs) return "top_logprobs needs logprobs: true";
  const names = (tools ?? []).flatMap((entry) =>
    "function" in entry ? [(entry.function as { name: string }).name] : [],
  );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `tools: the name "${twice}" is used twice`;
  for (const [index, entry] of messages.entries()) {
    if (entry.role !== "assistant") continue;
    if (entry.content == null && !entry.tool_calls?.length) {
      return `messages[${index}]: an assistant message needs content or tool_calls`;
    }
    if (entry.prefix && index < messages.length - 1)
      return `messages[${index}].prefix is allowed only on the last message`;
  }
  return undefined;
}
