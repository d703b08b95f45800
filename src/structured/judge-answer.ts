import type { FinishReason } from "../chat/chat-response.ts";
import type { Issue, Result, StandardSchema } from "../standard-schema.ts";
import { type FoundJson, findJson } from "./find-json.ts";

/** What an answer is worth: the schema's value, or what is wrong with it. */
export type Judgement =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly isCut: boolean };

/** Nobody ends an answer with as many on purpose. */
export const FEW_BLANKS = 1_000;

/**
 * Reads the value out of the text of an answer. One that was cut is never completed by guess: a list that ends too early may fit the
 * schema, and would be wrong.
 */
export async function judgeAnswer(
  text: string,
  finishReason: FinishReason,
  { schema, wrapper }: { readonly schema: StandardSchema; readonly wrapper: string | undefined },
): Promise<Judgement> {
  const found = findJson(text);
  const isAtLimit = finishReason === "length";
  // What reached its limit with spaces and line breaks would do so again, with any limit.
  const isCut = isAtLimit && text.length - text.trimEnd().length < FEW_BLANKS;
  if (found.kind !== "value") return { issues: [issueOf(found, isCut)], isCut };
  // More words were to come, and perhaps another value.
  if (isAtLimit && found.hasTail) return { issues: [issueOf({ kind: "open" }, isCut)], isCut };
  if (wrapper !== undefined && !Object.hasOwn(found.value, wrapper))
    return { issues: [{ message: `The JSON object must be {"${wrapper}": ...}.` }], isCut: false };
  const value = wrapper === undefined ? found.value : (found.value as Readonly<Record<string, unknown>>)[wrapper];
  const result: Result<unknown> = await schema["~standard"].validate(value);
  return result.issues ? { issues: result.issues, isCut: false } : { value: result.value };
}

function issueOf(found: Exclude<FoundJson, { kind: "value" }>, isCut: boolean): Issue {
  switch (found.kind) {
    case "blank":
      return { message: "The answer is empty." };
    case "none":
      return { message: "The answer holds no JSON object." };
    case "several":
      return { message: "The answer holds more than one JSON value: nobody knows which one is meant." };
    case "open":
      return {
        message: `The JSON is not complete${isCut ? ": the answer was cut at its longest length. It must be shorter" : ""}.`,
      };
    case "broken":
      return { message: `The JSON is broken at character ${found.atChar + 1}: expected ${found.expected}.` };
  }
}
