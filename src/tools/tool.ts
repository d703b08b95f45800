import {
  aBoolean,
  aFunction,
  aString,
  type Check,
  checkShape,
  milliseconds,
  refuse,
  type Shape,
} from "../check-shape.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { jsonSchemaOf } from "../json-schema-of.ts";
import type { InferOutput, Result, StandardSchema } from "../standard-schema.ts";
import { strictProblem } from "./strict-schema.ts";

/** What a tool is told beside its input. */
export interface ToolContext {
  /** Aborts when the run ends early or the tool's time is over: pass it on to what the tool waits for. */
  readonly signal: AbortSignal;
  /** The id of the call. No other call of the run has it, and it is made once: a key against doing things twice. */
  readonly toolCallId: string;
  /** The step of the run that asked for it, from 0. */
  readonly step: number;
}

/** A function the model may ask for. Made by {@link tool}. */
export interface Tool<Name extends string = string, Input = unknown, Output = unknown> {
  readonly name: Name;
  readonly description: string | undefined;
  /** What its arguments are, as JSON Schema; `undefined`: it has none. */
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
  /** Whether it may be asked for in strict mode. */
  readonly strict: boolean;
  readonly timeoutMs: number | undefined;
  /** Whether arguments of the model's fit. */
  validate(args: unknown): Result<Input> | Promise<Result<Input>>;
  /** Runs it: once for each call of the model's. */
  execute(input: Input, context: ToolContext): Output | PromiseLike<Output>;
}

/** What every tool has. */
interface CommonToolOptions<Name extends string> {
  /** 1 to 64 letters, digits, `_` and `-`; unique among the tools of a run. */
  readonly name: Name;
  /** What it does, and when to use it: the model reads this. @defaultValue none */
  readonly description?: string | undefined;
  /**
   * Permits strict mode (beta), in which arguments follow the schema by promise. It is used when every tool of a run permits it.
   * The schema must then keep DeepSeek's rules: all properties required, no others, no lengths.
   * @defaultValue false
   */
  readonly strict?: boolean | undefined;
  /** How long it may take. Milliseconds from 1; `Infinity` for no limit. @defaultValue the run's `toolTimeoutMs` */
  readonly timeoutMs?: number | undefined;
}

/** A tool whose arguments a schema describes. */
export interface SchemaToolOptions<Name extends string, Schema extends StandardSchema, Output>
  extends CommonToolOptions<Name> {
  /** The arguments: an object schema of zod, valibot, arktype or any other library of the Standard Schema. */
  readonly input: Schema;
  /** The same as JSON Schema. @defaultValue written by the schema's library, where it can (zod from 4.2 on) */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** Does it. What it returns is told to the model: a text as it is, anything else as JSON; what it throws, by its message. */
  readonly execute: (input: InferOutput<Schema>, context: ToolContext) => Output | PromiseLike<Output>;
}

/** A tool whose arguments only a JSON Schema describes: they are an object, and nobody has checked more. */
export interface PlainToolOptions<Name extends string, Output> extends CommonToolOptions<Name> {
  /** None: the arguments are not checked by a schema. */
  readonly input?: undefined;
  /** The arguments, as JSON Schema. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** As in {@link SchemaToolOptions}. */
  readonly execute: (input: unknown, context: ToolContext) => Output | PromiseLike<Output>;
}

/** A tool without arguments. */
export interface BareToolOptions<Name extends string, Output> extends CommonToolOptions<Name> {
  /** None: there are no arguments. */
  readonly input?: undefined;
  /** None. */
  readonly parameters?: undefined;
  /** As in {@link SchemaToolOptions}. */
  readonly execute: (input: NoInput, context: ToolContext) => Output | PromiseLike<Output>;
}

/** What a tool without arguments is given. */
export type NoInput = Readonly<Record<string, never>>;

type AnyToolOptions = CommonToolOptions<string> & {
  readonly input?: StandardSchema | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly execute: Tool["execute"];
};

/**
 * Makes a tool for `runTools` and `streamTools`. Its input has the type of the schema, and is checked against it before the
 * tool runs; arguments that do not fit are told to the model, so that it can correct itself.
 *
 * @example
 * const weather = tool({
 *   name: "weather",
 *   description: "The weather in a city, now.",
 *   input: z.object({ city: z.string() }),
 *   execute: ({ city }, { signal }) => readWeather(city, signal),
 * });
 * @throws InvalidOptionsError for an option that is unknown or out of range, a schema that strict mode does not take, or one without JSON Schema.
 */
export function tool<const Name extends string, Schema extends StandardSchema, Output>(
  options: SchemaToolOptions<Name, Schema, Output>,
): Tool<Name, InferOutput<Schema>, Output>;
export function tool<const Name extends string, Output>(
  options: PlainToolOptions<Name, Output>,
): Tool<Name, unknown, Output>;
export function tool<const Name extends string, Output>(
  options: BareToolOptions<Name, Output>,
): Tool<Name, NoInput, Output>;
export function tool(options: AnyToolOptions): Tool {
  checkShape(options, "tool", toolShape());
  const { name, description, input, strict = false, timeoutMs, execute } = options;
  aName(name, "name");
  if (execute === undefined) refuse(`tool "${name}": execute`, "a function", execute);
  const hasParameters = input !== undefined || options.parameters !== undefined;
  const parameters = hasParameters
    ? jsonSchemaOf(input, options.parameters, `tool "${name}": parameters`)
    : strict
      ? { type: "object", properties: {}, required: [], additionalProperties: false }
      : undefined;
  const problem = strict ? strictProblem(parameters) : undefined;
  if (problem) throw new InvalidOptionsError(`tool "${name}": strict mode does not take its schema: ${problem}.`);
  return {
    name,
    description,
    parameters: parameters && ownCopy(parameters, name),
    strict,
    timeoutMs,
    validate: (args) => {
      if (typeof args !== "object" || args === null || Array.isArray(args))
        return { issues: [{ message: "the arguments must be an object" }] };
      return input ? input["~standard"].validate(args) : { value: hasParameters ? args : {} };
    },
    execute: (given, context) => execute(given, context),
  };
}

/** A schema that is changed later was never checked. */
function ownCopy(schema: object, name: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(schema)) as Record<string, unknown>; // An object: it was checked to be one.
  } catch (error) {
    throw new InvalidOptionsError(`tool "${name}": parameters cannot be written as JSON (${(error as Error).name}).`);
  }
}

const aName: Check = (value, label) => {
  if (typeof value !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(value))
    throw new InvalidOptionsError(`tool: ${label} must be 1 to 64 of a-z, A-Z, 0-9, _ and -, and nothing else.`);
};

const toolShape = (): Shape => ({
  name: aName,
  description: aString,
  input: (value, label) => {
    // Schemas of some libraries are functions.
    const standard = (value as Partial<StandardSchema> | null)?.["~standard"];
    if (typeof standard?.validate !== "function")
      refuse(label, "a schema of a library that keeps to the Standard Schema (zod, valibot, arktype)", value);
  },
  parameters: (value, label) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(label, "a JSON Schema", value);
  },
  execute: aFunction,
  strict: aBoolean,
  timeoutMs: milliseconds,
});
