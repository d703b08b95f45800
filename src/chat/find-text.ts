import { type Fields, isFields } from "../parse-json.ts";

/** The one text of a chunk. */
export interface FoundText {
  readonly field: "content" | "reasoning_content";
  readonly text: string;
  /** The same chunk with another text. It shares the simple values of the first, and no object. */
  make(text: string): Fields;
}

/** Finds what the chunks of one answer differ in: a text of the delta, beside nothing but simple values. */
export function findText(json: unknown): FoundText | undefined {
  if (!isFields(json) || !Array.isArray(json["choices"]) || json["choices"].length !== 1) return undefined;
  const choice: unknown = json["choices"][0];
  const delta = isFields(choice) ? choice["delta"] : undefined;
  if (!isFields(choice) || !isFields(delta)) return undefined;
  const field = delta["content"] ? "content" : "reasoning_content";
  const text = delta[field];
  const isSimple = isFlat(json, "choices") && isFlat(choice, "delta") && isFlat(delta, field);
  if (!isSimple || typeof text !== "string" || text === "") return undefined;
  const make = (other: string) => ({ ...json, choices: [{ ...choice, delta: { ...delta, [field]: other } }] });
  return { field, text, make };
}

/** Whether all fields but one are simple values: an object could not be shared between chunks. */
function isFlat(fields: Fields, but: string): boolean {
  for (const key in fields) if (key !== but && typeof fields[key] === "object" && fields[key] !== null) return false;
  return true;
}
