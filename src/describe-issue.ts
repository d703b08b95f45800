import type { Issue } from "./standard-schema.ts";

/** `items[2].price: expected a number`, in one line. */
export function describeIssue({ message, path = [] }: Issue): string {
  const keys = path.map((part) => (typeof part === "object" ? part.key : part));
  const place = keys.reduce<string>((before, key) => {
    if (typeof key === "number") return `${before}[${key}]`;
    return before === "" ? String(key) : `${before}.${String(key)}`;
  }, "");
  return (place === "" ? message : `${place}: ${message}`).replace(/\s+/g, " ");
}
