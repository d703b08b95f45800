import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createResilientClient, openrouter } from "../../src/index.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { type Recording, readRecording, readRecordings } from "../support/read-recording.ts";
import { makeResponse } from "../support/wire-response.ts";

const directory = process.env["RECORDINGS_DIR"] || join(import.meta.dirname, "../../../shared/recordings");
const isThere = existsSync(directory);
const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;

interface Told {
  readonly cost: number;
  readonly is_byok?: boolean;
  readonly cost_details?: { readonly upstream_inference_cost?: number | null };
}

async function reportOf({ bytes, status, isStream }: Recording) {
  const clock = createVirtualClock();
  const headers = { "content-type": isStream ? "text/event-stream" : "application/json" };
  const client = createResilientClient({
    clock,
    fetch: async () => makeResponse([bytes], status, headers),
    providers: [openrouter({ apiKey: "sk-recordings-0123456789" })],
    retry: false,
    resume: false,
    wire: isStream ? "stream" : "json",
  });
  const stream = client.chat.completions.stream(params);
  await clock.run(stream.finalChatCompletion().catch(() => {}));
  return stream.report;
}

const title = isThere ? "what OpenRouter said an answer cost is what its attempt cost" : "SKIPPED: no recordings here";
test.skipIf(!isThere)(title, async () => {
  const told = (isThere ? readRecordings(directory) : []).filter((recording) => {
    const { usage, hasChoices } = readRecording(recording);
    const isAnswer = /openrouter/.test(recording.name) && recording.status === 200 && hasChoices;
    return isAnswer && (usage as Told | undefined)?.cost;
  });
  expect(told.length).toBeGreaterThan(30);
  for (const recording of told) {
    const { cost, is_byok: isOwnKey, cost_details: details } = readRecording(recording).usage as Told;
    const upstream = isOwnKey ? (details?.upstream_inference_cost ?? Number.NaN) : 0;
    const [attempt] = (await reportOf(recording)).attempts;
    expect(attempt?.costUsd, recording.name).toBeCloseTo(cost + upstream, 12);
    expect(attempt?.estimated, recording.name).toBe(false);
  }
});
