import fc from "fast-check";
import { expect, test } from "vitest";
import { strictProblem } from "../../../src/tools/strict-schema.ts";

const object = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
});

test("what strict mode knows is taken", () => {
  const schema = object(
    {
      name: { type: "string", pattern: "^a", description: "A name" },
      mail: { type: "string", format: "email" },
      count: { type: "integer", minimum: 1 },
      kind: { enum: ["a", "b"] },
      either: { anyOf: [{ type: "string" }, object({ x: { type: "number" } })] },
      list: { type: "array", items: object({ y: { type: "boolean" } }) },
      again: { $ref: "#/$defs/node" },
      // Names that are words elsewhere.
      minLength: { type: "string" },
      properties: { type: "string" },
    },
    { $defs: { node: object({ next: { $ref: "#/$defs/node" } }) } },
  );
  expect(strictProblem(schema)).toBeUndefined();
});

test.each<[object, string]>([
  [{ type: "object" }, "parameters: additionalProperties must be false (as z.strictObject() of zod writes it)"],
  [object({ a: { type: "string" } }, { required: [] }), 'parameters: "a" must be required, as every property must'],
  [object({ a: { type: "string" } }, { required: "a" }), 'parameters: "a" must be required, as every property must'],
  [object({ a: { type: "string", minLength: 1 } }), "parameters.a: minLength is not known"],
  [object({ a: { type: "array", items: { type: "array", maxItems: 2 } } }), "parameters.a[]: maxItems is not known"],
  [object({ a: { oneOf: [] } }), "parameters.a: oneOf is not known, but anyOf is"],
  [
    object({ a: { type: "null" } }),
    'parameters.a: type "null" is not known; known are object, string, number, integer, boolean, array',
  ],
  [object({ a: { type: ["string", "null"] } }), "parameters.a: type of another kind is not known"],
  [object({ a: { type: "string", format: "date-time" } }), 'parameters.a: format "date-time" is not known'],
  [
    object({ a: { anyOf: [{ type: "string" }, object({ b: {} }, { required: [] })] } }),
    'parameters.a.anyOf[1]: "b" must',
  ],
  [object({}, { $defs: { x: { type: "date" } } }), 'parameters.$defs.x: type "date"'],
  [object({ a: true }), "parameters.a must be a schema"],
  [object({ constructor: { type: "symbol" } }), 'parameters.constructor: type "symbol"'],
])("what breaks it is named, and where: %o", (schema, problem) => {
  expect(strictProblem(schema)).toContain(problem);
});

test("a schema within itself ends, and whatever is no schema is told, never thrown", () => {
  const loop: Record<string, unknown> = { anyOf: [] };
  (loop["anyOf"] as unknown[]).push(loop);
  expect(strictProblem(loop)).toContain("is nested too deep");
  const odd = fc.object({ key: fc.constantFrom("type", "properties", "anyOf", "items", "$defs", "required", "x") });
  fc.assert(
    fc.property(odd, (schema) => {
      expect(strictProblem(schema) ?? "parameters").toMatch(/^parameters/);
    }),
  );
});
