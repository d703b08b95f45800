import type { ChatRequest } from "../chat/chat-request.ts";
import { checkCallOptions } from "../check-options.ts";
import { aBoolean, type Check, checkShape, refuse, refuseMisspelt, type Shape, wholeFromZero } from "../check-shape.ts";
import { type ChatClient, requireClient } from "../client/chat-client.ts";
import type { CallOptions } from "../client-options.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { type JsonSchema, jsonSchemaOf } from "../json-schema-of.ts";
import { isFields } from "../parse-json.ts";
import type { InferInput, StandardSchema } from "../standard-schema.ts";
import { instruct, isObjectSchema } from "./instruct.ts";

/** How `parse()` and `streamParse()` ask for their value. */
export interface ParseOptions<S extends StandardSchema> {
  /** What the value must be: a schema of zod, valibot, arktype or any other library that has `~standard`. */
  readonly schema: S;
  /** The same as JSON Schema, which the model reads. @defaultValue what the schema's library writes; zod does, `zod/mini` does not */
  readonly jsonSchema?: JsonSchema | undefined;
  /** A value that fits, for the model to see: the surest help with a complicated schema. @defaultValue none */
  readonly example?: InferInput<S> | undefined;
  /** How often the model is asked again with what was wrong with its answer. A whole number from 0. @defaultValue 2 */
  readonly maxReasks?: number | undefined;
  /** Whether the host is asked for JSON (`response_format`). One without JSON mode is skipped; with `false` it is asked in words alone. @defaultValue true */
  readonly jsonMode?: boolean | undefined;
}

/** What the answer is to hold decides these. */
type Taken = "response_format" | "tools" | "tool_choice";

/** A chat request, and what its answer must be. */
export interface ParseParams<S extends StandardSchema>
  extends Omit<ChatRequest, Taken>,
    ParseOptions<S>,
    Readonly<Partial<Record<Taken | "stream" | "stream_options", undefined>>> {}

/** The client, the request without its asks, and how answers are judged. */
export interface ParsePlan<S extends StandardSchema> {
  readonly client: ChatClient;
  readonly request: ChatRequest;
  readonly options: CallOptions;
  readonly schema: S;
  readonly maxReasks: number;
  /** On the wire the value stands in an object, under this key. */
  readonly wrapper: "value" | undefined;
}

/** @throws InvalidOptionsError for what is wrong, unknown, or has no place in such a request. */
export function planParse<S extends StandardSchema>(
  client: ChatClient,
  params: ParseParams<S>,
  options: CallOptions,
  who: string,
): ParsePlan<S> {
  checkParams(client, params, who);
  checkCallOptions(options);
  const { schema, jsonSchema, example, maxReasks = 2, jsonMode = true, ...request } = params;
  const written = jsonSchemaOf(schema, jsonSchema, `${who}: jsonSchema`);
  const wrapper = isObjectSchema(written) ? undefined : "value";
  const messages = instruct(request.messages, { jsonSchema: written, example, wrapper });
  const format = jsonMode ? ({ response_format: { type: "json_object" } } as const) : {};
  return { client, request: { ...request, ...format, messages }, options, schema, maxReasks, wrapper };
}

const aSchema: Check = (value, label) => {
  const standard = (value as Partial<StandardSchema> | null)?.["~standard"];
  if (typeof standard?.validate !== "function")
    refuse(label, "a schema that has ~standard (standardschema.dev)", value);
};

const anObject: Check = (value, label) => {
  if (!isFields(value)) refuse(label, "a JSON Schema", value);
};

function checkParams(client: unknown, params: unknown, who: string): void {
  requireClient(client, who);
  const given = (params ?? {}) as Readonly<Record<string, unknown>>;
  const taken = ["response_format", "tools", "tool_choice", "stream", "stream_options"];
  const misplaced = taken.find((name) => given[name] !== undefined);
  if (misplaced)
    throw new InvalidOptionsError(
      `${who}: ${misplaced} cannot be given here: the schema decides. streamParse() streams, and chat.completions.create() takes tools.`,
    );
  const { schema, jsonSchema, maxReasks, jsonMode, messages } = given;
  const shape: Shape = { schema: aSchema, jsonSchema: anObject, maxReasks: wholeFromZero, jsonMode: aBoolean };
  refuseMisspelt(given, who, ["example", ...Object.keys(shape)]);
  aSchema(schema, `${who}: schema`);
  checkShape({ jsonSchema, maxReasks, jsonMode }, who, shape, { owner: `${who}: ` });
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  if ((last as { readonly prefix?: unknown } | undefined)?.prefix)
    throw new InvalidOptionsError(
      `${who}: the last message cannot be a prefix: the whole value must stand in the answer.`,
    );
}
