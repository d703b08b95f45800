import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchemaOf } from "../../../src/json-schema-of.ts";
import { instruct, isObjectSchema } from "../../../src/structured/instruct.ts";

test.each([
  [{ type: "object" }, true],
  [{ type: ["object", "null"] }, false],
  [{ type: "array" }, false],
  [{ anyOf: [{ type: "object" }, { type: "object" }] }, true],
  [{ oneOf: [{ type: "object" }, { type: "string" }] }, false],
  [{ anyOf: [] }, false],
  [{ $ref: "#/definitions/a" }, false],
  [{}, false],
  [null, false],
])("whether %j is always an object: %s", (schema, isObject) => {
  expect(isObjectSchema(schema)).toBe(isObject);
});

test("what zod makes of its schemas is known for what it is", () => {
  const isObject = (schema: z.ZodType) => isObjectSchema(jsonSchemaOf(schema, undefined, "test"));
  expect(isObject(z.object({ a: z.string() }))).toBe(true);
  expect(isObject(z.record(z.string(), z.number()))).toBe(true);
  expect(isObject(z.discriminatedUnion("a", [z.object({ a: z.literal(1) }), z.object({ a: z.literal(2) })]))).toBe(
    true,
  );
  expect(isObject(z.object({ a: z.string() }).nullable())).toBe(false);
  expect(isObject(z.tuple([z.string()]))).toBe(false);
});

test("the words are the same for the same schema, and say JSON", () => {
  const wanted = { jsonSchema: { type: "object" }, example: undefined, wrapper: undefined };
  const [one] = instruct([{ role: "user", content: "Hi" }], wanted);
  const [other] = instruct([{ role: "user", content: "Ho" }], wanted);
  expect(other).toEqual(one);
  expect(one?.content).toBe(
    'Answer with one JSON object and nothing else: no words around it, no Markdown, no comments. It must fit this JSON Schema:\n{"type":"object"}',
  );
});
