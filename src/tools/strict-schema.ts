import { type Fields, isFields } from "../parse-json.ts";

/**
 * What strict mode knows: https://api-docs.deepseek.com/guides/function_calling. The server checks it too, with a 400 in every
 * call; here it is found once.
 */
const TYPES: ReadonlySet<unknown> = new Set(["object", "string", "number", "integer", "boolean", "array"]);
const FORMATS: ReadonlySet<unknown> = new Set(["email", "hostname", "ipv4", "ipv6", "uuid"]);
const UNKNOWN_WORDS = ["minLength", "maxLength", "minItems", "maxItems", "oneOf", "allOf", "not"] as const;
/** Schemas by name, and lists of schemas. */
const BY_NAME = ["properties", "$defs", "$def", "definitions"] as const;

/** A schema deeper than this is no schema of arguments; references are not followed. */
const DEEPEST = 64;

/** What in a JSON Schema strict mode does not take, and where; `undefined`: nothing. */
export function strictProblem(schema: unknown, path = "parameters", depth = 0): string | undefined {
  if (depth > DEEPEST) return `${path} is nested too deep`;
  if (!isFields(schema)) return `${path} must be a schema`;
  return ownProblem(schema, path) ?? firstOf(parts(schema, path), ([part, at]) => strictProblem(part, at, depth + 1));
}

function ownProblem(schema: Fields, path: string): string | undefined {
  const unknown = UNKNOWN_WORDS.find((word) => Object.hasOwn(schema, word));
  if (unknown) return `${path}: ${unknown} is not known${unknown === "oneOf" ? ", but anyOf is" : ""}`;
  const { type, format } = schema;
  if (type !== undefined && !TYPES.has(type))
    return `${path}: type ${said(type)} is not known; known are ${[...TYPES].join(", ")}`;
  if (format !== undefined && !FORMATS.has(format))
    return `${path}: format ${said(format)} is not known; known are ${[...FORMATS].join(", ")}`;
  return type === "object" || schema["properties"] !== undefined ? objectProblem(schema, path) : undefined;
}

function objectProblem({ properties = {}, required = [], additionalProperties }: Fields, path: string) {
  if (additionalProperties !== false)
    return `${path}: additionalProperties must be false (as z.strictObject() of zod writes it)`;
  if (!isFields(properties)) return `${path}.properties must be an object`;
  const named: ReadonlySet<unknown> = new Set(Array.isArray(required) ? required : []);
  const optional = Object.keys(properties).find((name) => !named.has(name));
  return optional === undefined ? undefined : `${path}: "${optional}" must be required, as every property must`;
}

/** The schemas within a schema, each with its place. */
function* parts(schema: Fields, path: string): Generator<readonly [unknown, string]> {
  for (const word of BY_NAME)
    for (const [name, part] of Object.entries((schema[word] as object | undefined) ?? {}))
      yield [part, `${path}.${word === "properties" ? "" : `${word}.`}${name}`];
  if (schema["items"] !== undefined) yield [schema["items"], `${path}[]`];
  const { anyOf } = schema;
  if (Array.isArray(anyOf)) for (const [index, part] of anyOf.entries()) yield [part, `${path}.anyOf[${index}]`];
}

function firstOf<T, R>(list: Iterable<T>, find: (entry: T) => R | undefined): R | undefined {
  for (const entry of list) {
    const found = find(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

function said(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 40)}"` : "of another kind";
}
