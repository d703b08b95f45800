// Says what went wrong in words for a reader, by the code of the error.
//   npm run example handle-errors
import { createResilientClient, ResilientClientError } from "resilient-deepseek";

// A stream that breaks goes on by itself, and a key that was refused is not tried again; not here, so that there is something to tell.
const client = createResilientClient({ resume: false, breaker: false });

for (const content of ["What is a queue?", "What is a key?", "What is a limit?", "What is a spike?"]) {
  console.log(`\n> ${content}`);
  const stream = client.chat.completions.stream({ model: "deepseek-flash", messages: [{ role: "user", content }] });
  try {
    for await (const text of stream.textStream()) process.stdout.write(text);
    console.log();
  } catch (error) {
    console.log(explain(error));
  }
}

/** What retries and other providers could not mend: each code of the family narrows `error` to its own fields. */
function explain(error: unknown): string {
  if (!ResilientClientError.isInstance(error)) throw error; // a mistake of ours, or an abort reason
  switch (error.code) {
    case "stream_interrupted":
      return ` ... [broke off after ${error.partial?.content.length ?? 0} characters; please ask again]`;
    case "rate_limited":
    case "busy":
      if (!error.retryAt) return "DeepSeek is very busy. Please try again in a few minutes.";
      return `Too many questions. Please come back at ${new Date(error.retryAt).toLocaleTimeString([], { timeStyle: "short" })}.`;
    case "authentication":
    case "missing_api_key":
      return "The key is not accepted: check DEEPSEEK_API_KEY.";
    case "insufficient_balance":
      return "The account has no balance left: top it up.";
    case "timeout":
      return `No answer in time (${error.phase}).`;
    default:
      return `${error.message} (${error.code}, ${error.attempts.length} attempts)`;
  }
}
