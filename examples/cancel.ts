// Ends a call after three seconds or on Ctrl-C, and keeps what had arrived.
//   npm run example cancel
import { createResilientClient, ResilientClientError } from "resilient-deepseek";

const client = createResilientClient();
const ctrlC = new AbortController();
process.once("SIGINT", () => ctrlC.abort("Ctrl-C"));

// Any signal will do: before the call, in a wait, in the server's queue or in the middle, it ends the call at once
// and closes the connection.
const signal = AbortSignal.any([ctrlC.signal, AbortSignal.timeout(3_000)]);

const stream = client.chat.completions.stream(
  {
    model: "deepseek-flash",
    messages: [{ role: "user", content: "Tell me everything about patience." }],
    thinking: { type: "disabled" }, // so that the text begins at once
  },
  { signal },
);
try {
  for await (const text of stream.textStream()) process.stdout.write(text);
  console.log("\n\nThe answer was complete before anybody lost patience.");
} catch (error) {
  // The reason of the signal comes back as it was given; every failure of the client's own is a ResilientClientError.
  if (error === "Ctrl-C") console.log("\n\nYou stopped it.");
  else if (error === signal.reason) console.log("\n\nStopped: it took longer than three seconds.");
  else if (ResilientClientError.isInstance(error)) console.error(`\n\n${error.message}`);
  else throw error;
  console.log(`${stream.partial.content.length} characters had arrived, and are kept in stream.partial.`);
  process.exitCode = error === "Ctrl-C" ? 130 : signal.aborted ? 0 : 1;
}
