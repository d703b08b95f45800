/** All texts of an error and of all that hangs on it, whether it is meant to be seen or not. */
export function everythingSaidBy(thrown: unknown): string {
  const seen = new Set<unknown>();
  const said: string[] = [];
  const look = (value: unknown) => {
    if (typeof value !== "object" || value === null) {
      said.push(String(value));
      return;
    }
    if (seen.has(value)) return;
    seen.add(value);
    for (const key of Reflect.ownKeys(value)) {
      said.push(String(key));
      const property = Object.getOwnPropertyDescriptor(value, key);
      look(property?.get ? property.get.call(value) : property?.value);
    }
    if (value instanceof Headers) said.push(JSON.stringify([...value]));
  };
  look(thrown);
  return [...said, String(thrown), JSON.stringify(thrown)].join("\n");
}
