// A chat that goes on for ever: it is cut in time, and rarely.
//   npm run example endless-chat
import { conversation, createResilientClient, ResilientClientError } from "resilient-deepseek";

await using client = createResilientClient();
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const chat = conversation(client, {
  model: "deepseek-flash",
  system: "Answer in one sentence.",
  thinking: { type: "disabled" },
  // A tiny one, so that there is something to see. Left out, it is the model's: a million tokens.
  context: { windowTokens: 500 },
  onFlush: ({ gone, tokensBefore, tokensAfter }) =>
    console.log(`  -- ${gone.length} messages went: about ${tokensBefore} tokens are ${tokensAfter} --`),
});

try {
  for (let question = 1; question <= 12; question += 1) {
    const { usage } = await chat.send(`Question ${question}: what is the next prime number?`, { signal: stop.signal });
    console.log(`${question}: the prompt had ${usage?.prompt_tokens} tokens`);
  }
  console.log(`all answered; ${chat.messages.length} messages are left`);
} catch (error) {
  if (stop.signal.aborted) console.error("stopped");
  else if (ResilientClientError.isInstance(error)) console.error(`${error.code}: ${error.message}`);
  else throw error;
  process.exitCode = stop.signal.aborted ? 130 : 1;
}
