import type { ChatMessage } from "../chat/chat-request.ts";
import { endsInHalf } from "../chat/whole-characters.ts";
import type { Issue } from "../standard-schema.ts";

/** So much is told: a model mends the first ones, and often the others with them. */
const MOST_ISSUES = 20;
const MOST_CHARACTERS = 300;
/** Longer answers are told from their beginning. */
const MOST_OF_ANSWER = 20_000;

/** What is added to the conversation after an answer that cannot be used. What stood before stays, for a cache knows it. */
export function reask(raw: string, issues: readonly Issue[], wrapper?: string): readonly ChatMessage[] {
  // The schema knows nothing of the object its value travels in; the model does.
  const within = (issue: Issue) => (wrapper && issue.path ? { ...issue, path: [wrapper, ...issue.path] } : issue);
  const told = issues.slice(0, MOST_ISSUES).map((issue) => describeIssue(within(issue)));
  const rest = issues.length - told.length;
  const lines = [
    "That answer cannot be used:",
    ...told.map((line) => `- ${line}`),
    ...(rest > 0 ? [`- and ${rest} more`] : []),
    "Answer again with the whole JSON object as described above, from its beginning, and with nothing else.",
  ];
  return [
    // Never null, which the API refuses; what was thought is not wanted back where there are no tools.
    { role: "assistant", content: clip(raw.trimEnd(), MOST_OF_ANSWER) },
    { role: "user", content: lines.join("\n") },
  ];
}

/** `items[2].price: expected a number`, in one line. */
function describeIssue({ message, path = [] }: Issue): string {
  const keys = path.map((part) => (typeof part === "object" ? part.key : part));
  const place = keys.reduce<string>((before, key) => {
    if (typeof key === "number") return `${before}[${key}]`;
    return before === "" ? String(key) : `${before}.${String(key)}`;
  }, "");
  const line = (place === "" ? message : `${place}: ${message}`).replace(/\s+/g, " ");
  return line.length > MOST_CHARACTERS ? `${clip(line, MOST_CHARACTERS)}...` : line;
}

/** Never half a character at its end, which servers refuse. */
function clip(text: string, length: number): string {
  const clipped = text.slice(0, length);
  return endsInHalf(clipped) ? clipped.slice(0, -1) : clipped;
}
