import { InvalidOptionsError } from "./error-family.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** A JSON Schema, for a model to read. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of a schema: the one that was given, else the one its library writes.
 *
 * @param what names the schema in errors
 * @throws InvalidOptionsError when there is none.
 */
export function jsonSchemaOf(schema: StandardSchema, given: JsonSchema | undefined, what: string): JsonSchema {
  const { $schema: _, ...bare } = given ?? write(schema, what);
  return bare;
}

function write(schema: StandardSchema, what: string): JsonSchema {
  const { vendor, jsonSchema } = schema["~standard"];
  if (!jsonSchema)
    throw new InvalidOptionsError(
      `${what}: the schema (${vendor}) cannot tell its JSON Schema: pass it as jsonSchema, as in z.toJSONSchema(schema) of zod.`,
    );
  try {
    return jsonSchema.input({ target: "draft-07" });
  } catch (cause) {
    throw new InvalidOptionsError(
      `${what}: the schema (${vendor}) cannot be written as JSON Schema: leave out what JSON does not have, such as dates, or pass one as jsonSchema.`,
      { cause },
    );
  }
}
