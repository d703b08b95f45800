/** Whether a value can be the beginning of another one, read from its front: texts, lists and objects may be shorter, at their ends only. */
export function isJsonPrefix(part: unknown, whole: unknown): boolean {
  if (typeof part === "string") return typeof whole === "string" && whole.startsWith(part);
  if (typeof part !== "object" || part === null) return Object.is(part, whole);
  if (typeof whole !== "object" || whole === null || Array.isArray(part) !== Array.isArray(whole)) return false;
  const keys = Object.keys(part);
  // In an object the unfinished value may stand anywhere: keys that are numbers come first.
  const unfinished = keys.filter((key) => !isSame(valueAt(part, key), valueAt(whole, key)));
  if (Array.isArray(part) && unfinished.some((key) => key !== keys.at(-1))) return false;
  return (
    unfinished.length <= 1 &&
    keys.every((key) => Object.hasOwn(whole, key) && isJsonPrefix(valueAt(part, key), valueAt(whole, key)))
  );
}

function valueAt(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
