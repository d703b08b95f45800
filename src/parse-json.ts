/** An object as JSON has it, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a text is one whole JSON value. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A server's JSON. A field called `__proto__` is left out, at any depth: whoever copies such an object would copy the
 * prototype it names. Looked for in the text, because hardly any has it; a letter of it may be escaped.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const mayHold = text.includes("__proto__") || (text.includes("\\u00") && /\\u00[567]/i.test(text));
  return mayHold ? JSON.parse(text, withoutPrototype) : JSON.parse(text);
}

function withoutPrototype(key: string, value: unknown): unknown {
  return key === "__proto__" ? undefined : value;
}
