/** Longer pieces of a server's text help nobody, and may quote the conversation. */
const MAX_UPSTREAM_CHARS = 300;

/**
 * Keys as the common services write them, and not words like `hf_hub_download` or "Bearer token". One run of characters
 * each, and no look further ahead than 40 of them, so that no text can make them slow.
 */
const KEY_SHAPES =
  /\b(?:sk|pk|rk|gsk|hf|pplx|fw|nvapi|xai)[-_](?=[a-z_-]{0,40}[A-Z0-9])[A-Za-z0-9_-]{6,}|\bBearer (?=[a-z-]{0,40}(?:[^a-z\s"',;.-]|\.[^\s]))[^\s"',;]+/g;

/** Characters that show nothing: a key with some of them inside can be read and copied, and would not be found. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;

/** A server's text, fit for an error message: one line, keys masked, no control characters, at most 300 characters. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const line = text
    .replace(INVISIBLE, "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  const masked = mask(line, secrets);
  return masked.length > MAX_UPSTREAM_CHARS ? `${masked.slice(0, MAX_UPSTREAM_CHARS).toWellFormed()}…` : masked;
}

/** Keys come back in other letters, without their prefix, encoded, or with blanks and invisible characters between. */
function mask(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) {
    const bare = secret.replace(/^[a-z]{2,5}[-_]/i, "");
    // A short one may be a word ("ollama"): only what is exactly it.
    if (bare.length < 16) masked = secret ? masked.replaceAll(secret, "***") : masked;
    else for (const pattern of patternsOf(secret, bare)) masked = masked.replace(pattern, "***");
  }
  return masked.replace(KEY_SHAPES, "***");
}

function patternsOf(secret: string, bare: string): readonly RegExp[] {
  const spaced = [secret, bare].map((form) => new RegExp([...form].map(escapePattern).join(" ?"), "gi"));
  if (/[^\x20-\x7e]/.test(bare)) return spaced;
  const encoded = [encodeURIComponent(bare), ...base64Of(bare)].map(escapePattern);
  return [...spaced, new RegExp(`(?:${encoded.join("|")})[\\w+/=%-]*`, "gi")];
}

/** Its base64, wherever in the encoded text it begins: three bytes become four characters. */
function base64Of(text: string): readonly string[] {
  const pieces = [0, 1, 2].map((skip) => text.slice(skip, text.length - ((text.length - skip) % 3)));
  return pieces.map(btoa).flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** What an id or code of a server's may look like; anything else could be text. */
export function asToken(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;
}
