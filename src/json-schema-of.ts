import { InvalidOptionsError } from "./error-family.ts";
import type { StandardSchema } from "./standard-schema.ts";

/**
 * The JSON Schema of a schema: the one that was given, or the one its library writes. `what`: whose it is and what it is called
 * there, for the message, as in `tool "weather": parameters`.
 *
 * @throws InvalidOptionsError when there is none, and the library cannot write one.
 */
export function jsonSchemaOf(
  schema: StandardSchema | undefined,
  given: Readonly<Record<string, unknown>> | undefined,
  what: string,
): Record<string, unknown> {
  const { $schema: _, ...own } = given ?? written(schema, what);
  return own;
}

function written(schema: StandardSchema | undefined, what: string): Record<string, unknown> {
  const { vendor, jsonSchema } = schema?.["~standard"] ?? {};
  if (!jsonSchema) {
    throw new InvalidOptionsError(
      `${what} must be given as a JSON Schema: this schema (${vendor ?? "of no library"}) cannot write one itself. zod can from 4.2 on.`,
    );
  }
  try {
    return jsonSchema.input({ target: "draft-07" });
  } catch (error) {
    const why = error instanceof Error ? ` (${error.message.slice(0, 200)})` : "";
    throw new InvalidOptionsError(`${what} must be given as a JSON Schema: this schema has none${why}.`, {
      cause: error,
    });
  }
}
