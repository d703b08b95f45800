import { isFields } from "../parse-json.ts";

/** Names that say "this is a key". In "portkey" it is a syllable: all headers of that gateway begin with it. */
const KEY_NAME = /(?<!port)key|token|secret|auth|session/i;

/** JSON in a header is somebody's settings, and not deep. */
const MAX_DEPTH = 8;

type Headers = Readonly<Record<string, string>>;

/** Keys in headers of the caller's: of a header that is called so, or of a field in JSON that one holds (`x-portkey-config`). */
export function keysIn(headers: Headers): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => (KEY_NAME.test(name) ? [value] : keysInJson(value)));
}

/** What of these headers may be a key, by its name or by its look; an app's name in one is none. */
export function secretsIn(headers: Headers): readonly string[] {
  const byLook = Object.values(headers).filter(
    (value) => /^\S{16,}$/.test(value) && /\d/.test(value) && /[a-z]/i.test(value),
  );
  return [...new Set([...keysIn(headers), ...byLook])];
}

function keysInJson(value: string): readonly string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  const keys: string[] = [];
  try {
    collectKeys(JSON.parse(value), keys, 0);
  } catch {
    // It only looks like JSON: then it is one text, judged by its look.
  }
  return keys;
}

function collectKeys(value: unknown, keys: string[], depth: number): void {
  if (depth === MAX_DEPTH) return;
  if (Array.isArray(value)) for (const inner of value) collectKeys(inner, keys, depth + 1);
  if (!isFields(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === "string" && KEY_NAME.test(name)) keys.push(inner);
    else collectKeys(inner, keys, depth + 1);
  }
}
