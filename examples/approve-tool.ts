// Nothing is deleted before you say yes: a question before a tool runs.
//   npm run example approve-tool
import { createInterface } from "node:readline/promises";
import { createResilientClient, runTools, tool } from "resilient-deepseek";
import * as z from "zod";

const files = new Set(["notes.txt", "old.log", "thesis.md"]);
const list = tool({ name: "list_files", description: "All files.", execute: () => [...files] });
const remove = tool({
  name: "delete_file",
  description: "Deletes one file, for ever.",
  input: z.object({ file: z.string() }),
  execute: ({ file }) => (files.delete(file) ? "deleted" : "there is no such file"),
});

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    console.log(`${question} (nobody to ask: no)`);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  terminal.once("SIGINT", () => process.exit(130)); // Ctrl-C is no answer
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return answer.trim().toLowerCase() === "y";
}

await using client = createResilientClient();
const { content } = await runTools(client, {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "Delete the old log." }],
  tools: [list, remove],
  onToolCall: async (call) =>
    call.name === "list_files" || (await ask(`Delete ${call.input.file}?`)) || "The user said no.",
});
console.log(content);
console.log(`left: ${[...files].join(", ")}`);
