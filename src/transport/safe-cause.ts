import { quietly, type Unspeakable } from "./failure-context.ts";

const MAX_FRAMES = 50;

/**
 * A foreign error, fit to be a `cause`: its message masked, its code and where it was thrown. The error itself may hold
 * the request with its headers.
 */
export function safeCause(error: unknown, context: Unspeakable): Error {
  const { message, code, stack } = (typeof error === "object" && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  const cause = new Error(quietly(typeof message === "string" ? message : describe(error), context));
  // A message of several lines may look like frames.
  const lines = typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const frames = lines.slice(0, MAX_FRAMES).map((line) => `    ${quietly(line, context)}`);
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
