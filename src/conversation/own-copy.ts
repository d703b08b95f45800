import { InvalidRequestError } from "../error-family.ts";

/** Deeper than any message, and no danger to the stack. */
const DEEPEST = 100;

/**
 * A copy that nobody can change, of data as JSON has it: what a conversation has said stays what it was.
 *
 * @param where names the data in errors
 * @throws InvalidRequestError for what is no JSON, or too deep.
 */
export function ownCopy<T>(value: T, where: string, depth = 0): T {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint")
    throw new InvalidRequestError(`${where} holds a ${typeof value}, which cannot be sent: leave it out.`);
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) throw new InvalidRequestError(`${where} is nested deeper than ${DEEPEST} levels.`);
  if (Array.isArray(value)) return Object.freeze(value.map((entry) => ownCopy(entry, where, depth + 1))) as T;
  // A URL, for one.
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return ownCopy(toJSON.call(value), where, depth + 1);
  const copy: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (key === "__proto__") throw new InvalidRequestError(`${where} has a field named __proto__: leave it out.`);
    if (entry !== undefined) copy[key] = ownCopy(entry, where, depth + 1);
  }
  return Object.freeze(copy) as T;
}
