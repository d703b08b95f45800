import { inspect } from "node:util";

/** A key, as a server may echo it. */
export const SECRET = "sk-unit-secret-123456";

/** Everything an error shows to whoever logs it, in whatever way, with all its causes. */
export function everythingSaidBy(error: unknown): string {
  const said = [inspect(error, { depth: null, showHidden: true }), JSON.stringify(error), String(error)];
  if (error instanceof Error) said.push(error.stack ?? "", JSON.stringify(Object.getOwnPropertyDescriptors(error)));
  const cause = (error as { cause?: unknown } | undefined)?.cause;
  return cause === undefined ? said.join("\n") : [...said, everythingSaidBy(cause)].join("\n");
}
