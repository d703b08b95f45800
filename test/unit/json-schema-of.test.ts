import { expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { InvalidOptionsError } from "../../src/error-family.ts";
import { jsonSchemaOf } from "../../src/json-schema-of.ts";

test("zod writes its own, without the address of the standard", () => {
  expect(jsonSchemaOf(z.object({ a: z.string() }), undefined, "x")).toEqual({
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
  });
});

test("the one that was given goes before", () => {
  const given = { $schema: "https://json-schema.org", type: "object" };
  expect(jsonSchemaOf(z.string(), given, "x")).toEqual({ type: "object" });
  expect(jsonSchemaOf(mini.string(), given, "x")).toEqual({ type: "object" });
  expect(given).toHaveProperty("$schema");
});

test("a schema that has none, or cannot be written, is refused with the remedy", () => {
  const without = () => jsonSchemaOf(mini.string(), undefined, "parse");
  expect(without).toThrow(InvalidOptionsError);
  expect(without).toThrow(/^parse must be given as a JSON Schema, for the schema \(zod\) cannot write one itself/);
  expect(() => jsonSchemaOf(z.date(), undefined, "parse")).toThrow(
    /^parse must be given as a JSON Schema, for the schema \(zod\) cannot be written as one: .*A date is a text there: .*z\.iso\.datetime\(\)/,
  );
});
