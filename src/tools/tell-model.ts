import { clip } from "../chat/whole-characters.ts";
import { describeIssue } from "../describe-issue.ts";
import type { Issue } from "../standard-schema.ts";

/** As much of an output as a model can make use of: about a tenth of DeepSeek's window. Characters. */
const MAX_OUTPUT_CHARS = 200_000;
/** An error says what is wrong, and no more. Characters. */
const MAX_ERROR_CHARS = 2_000;
const MAX_ISSUES = 10;

/**
 * The output of a tool as the model reads it: a text as it is, anything else as JSON. Nothing is `(no output)`, as DeepSeek's own
 * client writes it, because an empty text makes the model answer with none.
 *
 * @throws what JSON.stringify throws, for a cycle or a BigInt.
 */
export function tellOutput(output: unknown): string {
  const text = typeof output === "string" ? output : JSON.stringify(output);
  return text ? bounded(text, MAX_OUTPUT_CHARS) : "(no output)";
}

/** By its message alone: the rest is none of the model's business. */
export function tellError(error: unknown): string {
  return bounded(`Error: ${messageOf(error)}`, MAX_ERROR_CHARS);
}

export function tellRefusal(reason: string): string {
  return bounded(
    reason === "" ? "Error: the call was refused." : `Error: the call was refused: ${reason}`,
    MAX_ERROR_CHARS,
  );
}

export function tellUnknownTool(name: string, names: Iterable<string>): string {
  const known = [...names].join(", ");
  return bounded(
    `Error: there is no tool ${JSON.stringify(name.slice(0, 100))}. The tools are: ${known}.`,
    MAX_ERROR_CHARS,
  );
}

/** So that the model can correct itself. */
export function tellIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, MAX_ISSUES).map(describeIssue);
  const more = issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : "";
  return bounded(
    `Error: the arguments do not fit: ${shown.join("; ")}${more}. Call it again with others.`,
    MAX_ERROR_CHARS,
  );
}

function messageOf(error: unknown): string {
  try {
    const message: unknown = error instanceof Error ? error.message : error;
    if (typeof message === "string" && message !== "") return message;
    if (message != null && message !== "" && typeof message !== "object") return String(message);
  } catch {
    // A getter of the error's own.
  }
  return "the tool failed";
}

/** Well-formed, because half a character is refused by servers, and the history would hold it for ever. */
function bounded(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed();
  return `${clip(text, max).toWellFormed()}\n(cut: the first ${max} of ${text.length} characters)`;
}
