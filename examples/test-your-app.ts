// Tests an app against a server that fails on purpose, in memory.
//   npm run example test-your-app
import assert from "node:assert/strict";
import { test } from "node:test";
import { createResilientClient, type ResilientClient, TimeoutError } from "resilient-deepseek";
import { createSimulator, createVirtualClock } from "resilient-deepseek/testing";

/** The app. It is given its client, so that a test can give it another one. */
async function summarize(client: ResilientClient, text: string): Promise<string> {
  const messages = [{ role: "user", content: `Summarize in a sentence: ${text}` }] as const;
  try {
    const { choices } = await client.chat.completions.create({ model: "deepseek-flash", messages });
    return choices[0]?.message.content ?? "";
  } catch (error) {
    if (TimeoutError.isInstance(error)) return "No summary yet.";
    throw error;
  }
}

test("a summary survives ten minutes of outage", async () => {
  const clock = createVirtualClock(); // shared with the server, so that nothing really waits
  const server = createSimulator({ clock, answer: () => "Short.", faults: [{ kind: "outage", untilMs: 600_000 }] });
  const client = createResilientClient({ apiKey: "sk-any", clock, fetch: server.fetch, profile: "patient" });
  assert.equal(await clock.run(summarize(client, "...")), "Short.");
});

test("a server that never answers costs the reader half a minute, and no error", async () => {
  const clock = createVirtualClock();
  const server = createSimulator({ clock, faults: [{ kind: "queue", forMs: Number.POSITIVE_INFINITY }] });
  const client = createResilientClient({ apiKey: "sk-any", clock, fetch: server.fetch, timeouts: { startMs: 30_000 } });
  assert.equal(await clock.run(summarize(client, "...")), "No summary yet.");
  assert.equal(server.stats.requests, 1);
});
