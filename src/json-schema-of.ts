import { InvalidOptionsError } from "./error-family.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** A JSON Schema, for a model to read. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of a schema: the one that was given, else the one its library writes. `what`: whose it is and what it is called
 * there, for the message, as in `tool "weather": parameters`.
 *
 * @throws InvalidOptionsError when there is none, and the library cannot write one.
 */
export function jsonSchemaOf(
  schema: StandardSchema | undefined,
  given: JsonSchema | undefined,
  what: string,
): JsonSchema {
  const { $schema: _, ...bare } = given ?? write(schema, what);
  return bare;
}

function write(schema: StandardSchema | undefined, what: string): JsonSchema {
  const { vendor = "none", jsonSchema } = schema?.["~standard"] ?? {};
  const mustBeGiven = `${what} must be given as a JSON Schema, for the schema (${vendor})`;
  if (!jsonSchema)
    throw new InvalidOptionsError(
      `${mustBeGiven} cannot write one itself. zod's can from 4.2 on, and z.toJSONSchema(schema) writes one of zod/mini's.`,
    );
  try {
    return jsonSchema.input({ target: "draft-07" });
  } catch (cause) {
    throw new InvalidOptionsError(
      `${mustBeGiven} cannot be written as one: it holds what JSON does not have. A date is a text there: of zod, z.iso.datetime(), and .transform() makes it a Date.`,
      { cause },
    );
  }
}
