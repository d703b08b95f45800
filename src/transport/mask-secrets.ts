/** Longer pieces of a server's text help nobody, and may quote the conversation. */
const MAX_UPSTREAM_CHARS = 300;

/** Keys as the common services write them; one run of characters each, so no text can make them slow. */
const KEY_SHAPES = /\b(?:sk|pk|rk|gsk|hf|pplx|fw|nvapi|xai)[-_][A-Za-z0-9_-]{6,}|\bBearer [^\s"',;]+/g;

/** A server's text, fit for an error message: one line, keys masked, at most 300 characters. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text.slice(0, MAX_UPSTREAM_CHARS * 4);
  for (const secret of secrets) if (secret) masked = masked.replaceAll(secret, "***");
  masked = masked.replace(KEY_SHAPES, "***").replace(/\s+/g, " ").trim();
  return masked.length > MAX_UPSTREAM_CHARS ? `${masked.slice(0, MAX_UPSTREAM_CHARS)}…` : masked;
}
