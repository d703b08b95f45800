import type { ChatMessage } from "../chat/chat-request.ts";
import { clip } from "../chat/whole-characters.ts";
import { describeIssue } from "../describe-issue.ts";
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
  const told = issues.slice(0, MOST_ISSUES).map((issue) => shortened(describeIssue(within(issue))));
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

function shortened(line: string): string {
  return line.length > MOST_CHARACTERS ? `${clip(line, MOST_CHARACTERS)}...` : line;
}
