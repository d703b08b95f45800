// A long answer over a bad connection: it goes on where it broke off.
//   npm run example long-answer
import { createResilientClient, ResilientClientError } from "resilient-deepseek";

// Each time must bring it further, so that many may be allowed.
const client = createResilientClient({ resume: { maxResumes: 50 } });
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const stream = client.chat.completions.stream(
  {
    model: "deepseek-flash",
    messages: [{ role: "user", content: "Tell me everything about patience." }],
    thinking: { type: "disabled" },
  },
  { signal: stop.signal },
);

try {
  for await (const part of stream.parts()) {
    if (part.type === "text-delta") process.stdout.write(part.text);
    // Shown here to be seen; the text itself has no gap.
    if (part.type === "seam") process.stderr.write(" ⟪the connection broke; it goes on⟫ ");
  }
  const { usage } = await stream.finalChatCompletion();
  const { attempts, seams } = stream.report;
  console.log(
    `\n\nwhole, in ${attempts.length} requests with ${seams.length} seams, ${usage?.completion_tokens} tokens`,
  );
} catch (error) {
  if (stop.signal.aborted) console.error(`\nstopped after ${stream.partial.content.length} characters`);
  else if (ResilientClientError.isInstance(error)) console.error(`\n${error.code}: ${error.message}`);
  else throw error;
  process.exitCode = stop.signal.aborted ? 130 : 1;
}
