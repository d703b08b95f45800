import * as z from "zod/mini";
import { InvalidRequestError } from "../error-family.ts";
import type { ChatCompletionParams } from "./chat-request.ts";

// Only rules that every host has are errors here; the limits of one host are its own data. Unknown fields are let
// through: the API grows faster than this file.

const between = (min: number, max: number) =>
  numberWithin(z.number, `must be a number from ${min} to ${max}`, min, max);
const wholeBetween = (min: number, max: number) =>
  numberWithin(z.int, `must be a whole number from ${min} to ${max}`, min, max);

function numberWithin(type: typeof z.number | typeof z.int, error: string, min: number, max: number) {
  return z.nullish(type({ error }).check(z.minimum(min, error), z.maximum(max, error)));
}

const text = z.string({ error: "must be a string" });
const object = (shape: z.core.$ZodLooseShape) => z.looseObject(shape, { error: "must be an object" });

const aSwitch = z.nullish(z.boolean({ error: "must be true or false" }));
const aModel = "must be the name of a model";
const aWholeNumber = "must be a whole number from 1";
const someContent = "must be a string or a list of at least one part";
const content = z.union([text, z.array(object({ type: text })).check(z.minLength(1, someContent))], {
  error: someContent,
});
const toolCall = object({ id: text, function: object({ name: text, arguments: text }) });

const message = z.discriminatedUnion(
  "role",
  [
    object({ role: z.enum(["system", "developer", "user"]), content }),
    object({ role: z.literal("tool"), content, tool_call_id: text }),
    object({
      role: z.literal("assistant"),
      content: z.nullish(content),
      reasoning_content: z.nullish(text),
      tool_calls: z.nullish(z.array(toolCall, { error: "must be a list of tool calls" })),
      prefix: aSwitch,
    }),
  ],
  {
    error: ({ input }) =>
      typeof input === "object" && input ? 'must be "system", "user", "assistant" or "tool"' : "must be a message",
  },
);

/** What chat and fill-in-the-middle have in common. */
const sampling = {
  model: z.string({ error: aModel }).check(z.minLength(1, aModel)),
  stream: aSwitch,
  max_tokens: z.nullish(z.int({ error: aWholeNumber }).check(z.minimum(1, aWholeNumber))),
  max_completion_tokens: z.nullish(z.int({ error: aWholeNumber }).check(z.minimum(1, aWholeNumber))),
  temperature: between(0, 2),
  top_p: between(0, 1),
  frequency_penalty: between(-2, 2),
  presence_penalty: between(-2, 2),
  stop: z.nullish(z.union([text, z.array(text)], { error: "must be a string or a list of strings" })),
  n: z.nullish(z.literal(1, { error: "must be 1: make one call for each answer" })),
};

const request = object({
  ...sampling,
  messages: z
    .array(message, { error: "must be a list of messages" })
    .check(z.minLength(1, "must hold at least one message")),
  top_logprobs: wholeBetween(0, 20),
  tools: z.nullish(
    z
      .array(object({ type: text }), { error: "must be a list of tools" })
      .check(z.minLength(1, "must not be an empty list; leave it out")),
  ),
  response_format: z.nullish(object({ type: text })),
});

const textCompletion = object({
  ...sampling,
  prompt: text,
  suffix: z.nullish(text),
  echo: aSwitch,
  logprobs: wholeBetween(0, 20),
});

/**
 * Refuses a request that every host would refuse, before it costs a round trip.
 * Messages name the field, the value where it is no text of the conversation, and what is allowed.
 *
 * @throws InvalidRequestError
 */
export function validateRequest(params: ChatCompletionParams): void {
  refuse(request, params, () => findConflict(params));
}

/** The same for fill-in-the-middle. @throws InvalidRequestError */
export function validateTextCompletion(params: object): void {
  refuse(textCompletion, params, () => findGapConflict(params));
}

function refuse(
  schema: typeof request | typeof textCompletion,
  params: unknown,
  conflict: () => string | undefined,
): void {
  const { error } = schema.safeParse(params);
  const problem = error ? describeIssue(error.issues[0] as z.core.$ZodIssue, params) : conflict();
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
  const common = findCommonConflict(params);
  if (common) return common;
  const { messages, logprobs, top_logprobs: topLogprobs } = params;
  if (topLogprobs != null && !logprobs) return "top_logprobs needs logprobs: true";
  for (const [index, entry] of messages.entries()) {
    if (entry.role !== "assistant") continue;
    // Thinking alone is an answer, too: one that reached its length.
    if (entry.content == null && !entry.tool_calls?.length && !entry.reasoning_content) {
      return `messages[${index}]: an assistant message needs content or tool_calls`;
    }
    if (entry.prefix && index < messages.length - 1)
      return `messages[${index}].prefix is allowed only on the last message`;
  }
  return findToolProblem(params);
}

function findCommonConflict(params: object): string | undefined {
  const notJson = Object.entries(params).find(([, value]) => typeof value === "function" || isListener(value));
  if (notJson)
    return `${notJson[0]} cannot be sent; options of the call stand in a second argument, as in create(params, { signal })`;
  const { stream, stream_options: streamOptions } = params as { stream?: unknown; stream_options?: unknown };
  return streamOptions && !stream ? "stream_options is allowed only with stream: true" : undefined;
}

const CHAT_ONLY = [
  "messages",
  "tools",
  "tool_choice",
  "response_format",
  "thinking",
  "reasoning_effort",
  "top_logprobs",
];

function findGapConflict(params: object): string | undefined {
  const { echo, suffix, logprobs } = params as { echo?: unknown; suffix?: unknown; logprobs?: unknown };
  const field = CHAT_ONLY.find((name) => Object.hasOwn(params, name));
  if (field) return `${field} belongs to chat.completions; here the request is prompt and suffix`;
  if (echo && (suffix ?? logprobs) != null) return "echo is not allowed together with suffix or logprobs";
  return findCommonConflict(params);
}

/** A signal, put where the request is. */
function isListener(value: unknown): boolean {
  return typeof value === "object" && value !== null && "addEventListener" in value;
}

/** Functions have a name, and no two the same. Tools that the server runs itself have types of their own. */
function findToolProblem({ tools }: ChatCompletionParams): string | undefined {
  const names = new Set<string>();
  for (const [index, tool] of (tools ?? []).entries()) {
    if (tool.type !== "function") continue;
    const fn = tool["function"] as { name?: unknown } | undefined;
    if (typeof fn !== "object" || fn === null)
      return `tools[${index}].function must be an object, got ${describeValue(fn)}`;
    const { name } = fn;
    if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,128}$/.test(name)) {
      return `tools[${index}].function.name must be 1 to 128 letters, digits, _ or -, got ${describeValue(name)}`;
    }
    if (names.has(name)) return `tools: the name "${name}" is used twice`;
    names.add(name);
  }
  return undefined;
}
