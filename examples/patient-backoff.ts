// Would rather wait than fail: 5, 10, then every 30 seconds, for 15 minutes.
//   npm run example patient-backoff
import { type ClientEvent, createResilientClient, describeEvent, ResilientClientError } from "resilient-deepseek";

const client = createResilientClient({
  // Short for: timeouts: { startMs: 900_000 }, retry: { backoff: schedule([5_000, 10_000, 30_000]) }.
  // Each wait is up to a tenth longer, so that a thousand clients do not come back in the same instant.
  profile: "patient",
  onEvent: showPatience,
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

try {
  const { data, report } = await client.chat.completions
    .create(
      { model: "deepseek-flash", messages: [{ role: "user", content: "Is it worth the wait?" }] },
      { signal: stop.signal },
    )
    .withReport();
  console.log(data.choices[0]?.message.content);
  console.log(`waited ${(report.waitedMs / 1_000).toFixed()} s, asked ${report.attempts.length} times`);
} catch (error) {
  if (stop.signal.aborted) console.error("stopped waiting");
  else if (ResilientClientError.isInstance(error)) console.error(`gave up: ${error.message}`);
  else throw error;
  process.exitCode = stop.signal.aborted ? 130 : 1;
}

/** Somebody who waits wants to know for what, and how long: nothing else. */
function showPatience(event: ClientEvent): void {
  const time = new Date(event.at).toLocaleTimeString();
  if (event.type === "attempt-end" && event.attempt.error) console.error(`${time} ${event.attempt.error.code}`);
  if (event.type === "wait" || event.type === "attempt-queued") console.error(`${time} ${describeEvent(event)}`);
}
