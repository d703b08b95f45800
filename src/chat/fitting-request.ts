import type { ContentPart, FunctionTool, ModelAbilities, ServerTool } from "./chat-request.ts";

/** What a request may hold that not every model takes. */
export type Feature = (ContentPart | FunctionTool | ServerTool)["type"];

/**
 * Of a request for this model that holds these: nothing more, or, where the model does not take them, a field nobody can give,
 * which says so. `Model` and `Features` are inferred from the last branch, which never comes true: so that the request
 * itself is checked against its plain type, and what the compiler says of other mistakes stays short.
 */
export type Fitting<Model extends string, Features> = [Misfit<Model, Features>] extends [never]
  ? unknown
  : [Misfit<Model, Features>] extends [string]
    ? { readonly [Why in Misfit<Model, Features>]: never }
    : Holding<Model, Features>;

interface Holding<Model, Features> {
  readonly model: Model;
  readonly messages: readonly { readonly content?: string | null | undefined | readonly Typed<Features>[] }[];
  readonly tools?: readonly Typed<Features>[] | undefined;
}

interface Typed<Type> {
  readonly type: Type;
}

type Misfit<Model extends string, Features> = string extends Model
  ? never
  :
      | ([Model] extends [Without<"images">]
          ? IfHeld<"image_url", "file", Features, `${Model} takes no images`>
          : never)
      | ([Model] extends [Without<"tools">]
          ? IfHeld<"function", "deepseek_read_url", Features, `${Model} takes no tools`>
          : never);

/** What was declared as any part or tool may hold all of them, and need not. */
type IfHeld<One extends Feature, Another extends Feature, Features, Then> = One extends Features
  ? Another extends Features
    ? never
    : Then
  : never;

/** The models that are known not to have an ability. */
type Without<Ability extends string> = {
  [Model in keyof ModelAbilities]: ModelAbilities[Model] extends { readonly [Name in Ability]: false } ? Model : never;
}[keyof ModelAbilities];
