import { expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { InvalidOptionsError } from "../../../src/error-family.ts";
import { tool } from "../../../src/tools/tool.ts";

const execute = () => "done";
const context = { signal: new AbortController().signal, toolCallId: "a", step: 0 };

test("the JSON Schema is the one the library writes, without what names the dialect", () => {
  const input = z.object({ city: z.string().describe("Where"), days: z.number().default(1) });
  expect(tool({ name: "weather", input, execute }).parameters).toEqual({
    type: "object",
    properties: { city: { type: "string", description: "Where" }, days: { type: "number", default: 1 } },
    required: ["city"],
  });
});

test("a JSON Schema that was given wins, is copied, and is not changed", () => {
  const parameters = { $schema: "any", type: "object", properties: { x: { type: "string" } } };
  const made = tool({ name: "x", input: z.object({ y: z.string() }), parameters, execute });
  expect(made.parameters).toEqual({ type: "object", properties: { x: { type: "string" } } });
  parameters.properties.x.type = "number";
  expect(made.parameters).toMatchObject({ properties: { x: { type: "string" } } });
  expect(parameters.$schema).toBe("any");
});

test("a schema that cannot write itself must bring its JSON Schema", () => {
  const input = mini.object({ city: mini.string() });
  expect(() => tool({ name: "weather", input, execute })).toThrow(
    new InvalidOptionsError(
      "tool \"weather\": parameters must be given as a JSON Schema, for the schema (zod) cannot write one itself. zod's can from 4.2 on, and z.toJSONSchema(schema) writes one of zod/mini's.",
    ),
  );
  expect(tool({ name: "weather", input, parameters: { type: "object" }, execute }).parameters).toEqual({
    type: "object",
  });
});

test("a tool without arguments sends none, and is given none, whatever the model writes", async () => {
  const bare = tool({ name: "now", execute: (input) => input });
  expect(bare.parameters).toBeUndefined();
  expect(await bare.validate({ odd: 1 })).toEqual({ value: {} });
});

test("arguments are an object, whoever describes them", async () => {
  const plain = tool({ name: "plain", parameters: { type: "object" }, execute: (input) => input });
  for (const wrong of [null, undefined, 1, "x", [], true])
    expect(await plain.validate(wrong)).toEqual({ issues: [{ message: "the arguments must be an object" }] });
  expect(await plain.validate({ any: [1] })).toEqual({ value: { any: [1] } });
});

test("the input is what the schema makes of it", async () => {
  const made = tool({
    name: "trim",
    input: z.object({ text: z.string().transform((text) => text.trim()) }),
    execute: ({ text }) => text.length,
  });
  const checked = await made.validate({ text: "  hi " });
  if (checked.issues) throw new Error("it fits");
  expect(await made.execute(checked.value, context)).toBe(2);
});

test.each<[object, RegExp]>([
  [{ name: "" }, /^tool: name must be 1 to 64 of a-z, A-Z, 0-9, _ and -, and nothing else\.$/],
  [{ name: "a b" }, /name must be/],
  [{ name: "x".repeat(65) }, /name must be/],
  [{ name: undefined }, /^tool: name must be/],
  [{ description: 1 }, /description must be a string/],
  [{ input: { type: "object" } }, /input must be a schema of a library that keeps to the Standard Schema/],
  [{ input: null }, /input must be a schema/],
  [{ parameters: [] }, /parameters must be a JSON Schema/],
  [{ execute: undefined }, /tool "ok": execute must be a function/],
  [{ execute: 1 }, /execute must be a function/],
  [{ strict: 1 }, /strict must be true or false/],
  [{ timeoutMs: 0 }, /timeoutMs must be milliseconds from 1, or Infinity, got 0/],
  [{ inputSchema: {} }, /tool: unknown option inputSchema/],
  [{ parameters: { a: 1n } }, /tool "ok": parameters cannot be written as JSON \(TypeError\)/],
])("an option that is wrong is refused: %o", (wrong, message) => {
  const given = { name: "ok", execute, ...wrong };
  expect(() => tool(given as never)).toThrow(InvalidOptionsError);
  expect(() => tool(given as never)).toThrow(message);
});

test("strict mode is checked where the tool is made, and says what breaks it", () => {
  expect(() => tool({ name: "loose", strict: true, input: z.object({ a: z.string() }), execute })).toThrow(
    'tool "loose": strict mode does not take its schema: parameters: additionalProperties must be false (as z.strictObject() of zod writes it).',
  );
  const fits = tool({ name: "fits", strict: true, input: z.strictObject({ a: z.string() }), execute });
  expect(fits.strict).toBe(true);
  const none = tool({ name: "none", strict: true, execute });
  expect(none.parameters).toEqual({ type: "object", properties: {}, required: [], additionalProperties: false });
});
