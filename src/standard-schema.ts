// What all schema libraries have in common: https://standardschema.dev

/** A schema of any library: zod, valibot, arktype and others have it, and one by hand needs `validate` alone. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    /** Of the library. */
    readonly vendor: string;
    /** What is wrong with a value, or the value as the schema makes it. */
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>;
    /** For the compiler alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** The same schema for a model to read, where the library can write it: zod can, `zod/mini` cannot. */
    readonly jsonSchema?:
      | {
          /** Writes what the schema takes. @throws for what JSON Schema cannot say */
          readonly input: (options: { readonly target: string }) => Record<string, unknown>;
        }
      | undefined;
  };
}

/** What a schema says of a value. */
export type Result<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** What is wrong with a value, and where. */
export interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes. */
export type InferInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];
/** What a schema gives. */
export type InferOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];
