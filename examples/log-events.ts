// Writes what happens to a log, as lines of JSON without any text.
//   npm run example log-events
import { type ClientEvent, createResilientClient } from "resilient-deepseek";

const client = createResilientClient({
  onEvent: (event) => console.error(JSON.stringify(toLogLine(event))), // stderr, so that `2> client.log` keeps it apart
});

const completion = await client.chat.completions.create({
  model: "deepseek-flash",
  messages: [{ role: "user", content: "What is worth logging?" }],
});
console.log(completion.choices[0]?.message.content);

/** `JSON.stringify(event)` would do as well: no key, no conversation. But an error's message may quote the server. */
function toLogLine({ at, callId, ...event }: ClientEvent): object {
  const line = { at: new Date(at).toISOString(), call: callId, type: event.type };
  switch (event.type) {
    case "attempt-start":
    case "attempt-head":
    case "attempt-end": {
      const { provider, index, outcome, status, headMs, endedMs, error } = event.attempt;
      return { ...line, provider, index, outcome, status, headMs, endedMs, code: error?.code };
    }
    case "call-end": {
      const { outcome, endedMs, waitedMs, attempts, billed } = event.report;
      return { ...line, outcome, endedMs, waitedMs, attempts: attempts.length, tokens: billed.completionTokens };
    }
    case "warning":
      return { ...line, code: event.code };
    default:
      return { ...line, ...event };
  }
}
