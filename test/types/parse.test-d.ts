import {
  type ChatRequest,
  createResilientClient,
  type DeepPartial,
  type ParsePromise,
  type ParseStream,
  parse,
  type Report,
  SchemaError,
  type SchemaIssue,
  type StandardSchema,
  streamParse,
} from "resilient-deepseek";
import { expectTypeOf, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";

const client = createResilientClient();
const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
const schema = z.object({
  kind: z.enum(["soup", "bread"]),
  when: z.string().transform((text) => new Date(text)),
  steps: z.array(z.object({ text: z.string(), minutes: z.number().optional() })),
});
type Made = z.output<typeof schema>;

test("the value has the type the schema makes", () => {
  expectTypeOf(parse(client, { ...params, schema })).toEqualTypeOf<ParsePromise<Made>>();
  expectTypeOf(parse(client, { ...params, schema })).resolves.toEqualTypeOf<Made>();
  expectTypeOf(streamParse(client, { ...params, schema }).finalValue()).resolves.toEqualTypeOf<Made>();
  expectTypeOf(parse(client, { ...params, schema: z.array(z.number()) })).resolves.toEqualTypeOf<number[]>();
  const small = mini.object({ a: mini.string() });
  const asked = { ...params, schema: small, jsonSchema: mini.toJSONSchema(small) };
  expectTypeOf(parse(client, asked)).resolves.toEqualTypeOf<{ a: string }>();
  const byHand = {} as StandardSchema<unknown, { n: number }>;
  expectTypeOf(parse(client, { ...params, schema: byHand })).resolves.toEqualTypeOf<{ n: number }>();
});

test("what is shown on the way is the beginning of what the schema takes", () => {
  const stream = streamParse(client, { ...params, schema });
  type Shown = { kind?: string; when?: string; steps?: readonly { text?: string; minutes?: number | undefined }[] };
  expectTypeOf(stream).toExtend<ParseStream<Made, Readonly<Shown>>>();
  expectTypeOf<DeepPartial<{ a: "x" | "y"; b: number[]; c: null | boolean }>>().toEqualTypeOf<{
    readonly a?: string;
    readonly b?: readonly number[];
    readonly c?: null | boolean;
  }>();
  expectTypeOf(stream.reports).toEqualTypeOf<readonly Report[]>();
});

test("what the schema decides cannot be given", () => {
  // @ts-expect-error: streamParse() streams
  void parse(client, { ...params, schema, stream: true });
  // @ts-expect-error: the answer is the value, and no tool call
  void parse(client, { ...params, schema, tools: [{ type: "function", function: { name: "look" } }] });
  // @ts-expect-error: jsonMode decides
  void parse(client, { ...params, schema, response_format: { type: "text" } });
  const typed: ChatRequest = params;
  // @ts-expect-error: it may have tools
  streamParse(client, { ...typed, schema });
  // @ts-expect-error: an example must fit
  void parse(client, { ...params, schema, example: { kind: "cake", when: "now", steps: [] } });
  void parse(client, { ...params, schema, example: { kind: "soup", when: "now", steps: [] } });
  // @ts-expect-error: no schema
  void parse(client, { ...params, schema: { type: "object" } });
});

test("a schema error has the issues and the text", () => {
  const error: unknown = undefined;
  if (!SchemaError.isInstance(error)) return;
  expectTypeOf(error.issues).toEqualTypeOf<readonly SchemaIssue[]>();
  expectTypeOf(error.raw).toEqualTypeOf<string>();
});
