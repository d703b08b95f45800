/** Longer pieces of a server's text help nobody, and may quote the conversation. */
const MAX_UPSTREAM_CHARS = 300;

/** Keys as the common services write them; one run of characters each, so no text can make them slow. */
const KEY_SHAPES = /\b(?:sk|pk|rk|gsk|hf|pplx|fw|nvapi|xai)[-_][A-Za-z0-9_-]{6,}|\bBearer [^\s"',;]+/g;

/** A server's text, fit for an error message: one line, keys masked, no control characters, at most 300 characters. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) if (secret) masked = masked.replaceAll(secret, "***");
  masked = masked
    .replace(KEY_SHAPES, "***")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return masked.length > MAX_UPSTREAM_CHARS ? `${masked.slice(0, MAX_UPSTREAM_CHARS).toWellFormed()}…` : masked;
}

/** What an id or code of a server's may look like; anything else could be text. */
export function asToken(value: unknown): string | undefined {
  return typeof value === "string" && /^[\w.:-]{1,128}$/.test(value) ? value : undefined;
}

/**
 * A foreign error, fit to be a `cause`: its message masked, its code and where it was thrown. The error itself may hold
 * the request with its headers.
 */
export function safeCause(error: unknown, secrets: readonly string[]): Error {
  const { message, code, stack } = (typeof error === "object" && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  const cause = new Error(maskSecrets(typeof message === "string" ? message : describe(error), secrets));
  const frames = typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : [];
  if (frames.length > 0) cause.stack = [`${cause.name}: ${cause.message}`, ...frames].join("\n");
  const token = asErrorCode(code);
  return token ? Object.assign(cause, { code: token }) : cause;
}

/** Codes of system errors are written in capitals: `ECONNREFUSED`, `UND_ERR_SOCKET`. */
export function asErrorCode(code: unknown): string | undefined {
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : undefined;
}

function describe(value: unknown): string {
  return typeof value === "object" || typeof value === "function" ? `something of type ${typeof value}` : String(value);
}
