import { TimeoutError } from "../error-family.ts";
import type { ErrorDetails } from "../errors.ts";

/** Node's own fetch gives up after 300 s without headers, or without a byte, whatever limits were set here. */
export function nodeTimeout(phase: "headers" | "wire", details: ErrorDetails): TimeoutError {
  const message = `Node's own limit of 300 s ended the request to ${details.provider}. Pass a fetch with another limit to wait longer.`;
  return new TimeoutError(message, { ...details, phase });
}
