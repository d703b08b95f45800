// An answer as it comes, thinking first. Ctrl-C ends it.
//   npm run example stream-to-terminal
import { createResilientClient, describeEvent, ResilientClientError } from "resilient-deepseek";

const client = createResilientClient({
  onEvent: (event) => {
    // Only what is told before the answer begins: later it would stand in the middle of its lines.
    const isLate = event.type === "call-end" || (event.type === "attempt-end" && event.attempt.outcome !== "failed");
    if (!isLate) console.error(describeEvent(event));
  },
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const stream = client.chat.completions.stream(
  { model: "deepseek-flash", messages: [{ role: "user", content: "Tell me about patience." }] },
  { signal: stop.signal },
);

let isThinking = false;
try {
  for await (const part of stream.parts()) {
    // Thinking goes to stderr, so that `> answer.txt` holds the answer alone.
    if (isThinking && part.type !== "reasoning-delta") process.stderr.write("\n\n");
    isThinking = part.type === "reasoning-delta";
    if (part.type === "reasoning-delta") process.stderr.write(part.text);
    if (part.type === "text-delta") process.stdout.write(part.text);
    if (part.type === "finish") console.log(`\n(${part.finishReason}, ${part.usage?.completion_tokens} tokens)`);
  }
} catch (error) {
  if (stop.signal.aborted) console.error(`\nstopped after ${stream.partial.content.length} characters`);
  else if (ResilientClientError.isInstance(error)) console.error(`\n${error.code}: ${error.message}`);
  else throw error;
  process.exitCode = stop.signal.aborted ? 130 : 1;
}
