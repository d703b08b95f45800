import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createResilientClient, ResilientClientError, runTools, type Tool, tool } from "../../src/index.ts";
import { createVirtualClock, seededRandom } from "../../src/testing/index.ts";
import { areWhole, type Reading, type Recording, readRecording, readRecordings } from "../support/read-recording.ts";
import { nativeReader, providerOf } from "../support/replay-recording.ts";
import { makeResponse, splitBytes } from "../support/wire-response.ts";

// What servers really sent when they asked for tools, as the first answer of a run: exactly those calls are made.

const directory = process.env["RECORDINGS_DIR"] || join(import.meta.dirname, "../../../shared/recordings");
const isThere = existsSync(directory);
const cases = (isThere ? readRecordings(directory) : []).flatMap((recording) => {
  const reading = readRecording(recording);
  return reading.toolCalls.length > 0 && !reading.error ? [[recording.name, recording, reading] as const] : [];
});
const isCut = ({ finishReasons, toolCalls }: Reading) => finishReasons.includes("length") || !areWhole(toolCalls);

test.skipIf(!isThere)(isThere ? "there are whole and cut tool calls" : "SKIPPED: no recordings here", () => {
  const cut = cases.filter(([, , reading]) => isCut(reading)).length;
  expect([cases.length - cut, cut]).toEqual([82, 8]);
});

const DONE = {
  id: "done",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Done." }, finish_reason: "stop" }],
};

const NATIVE_DONE = { model: "m", message: DONE.choices[0]?.message, done: true, done_reason: "stop" };

/** Runs the tools a recording asks for: served as it came, or cut into reads of seven bytes. */
async function run(recording: Recording, { toolCalls, isNative }: Reading, isSplit: boolean) {
  const { bytes, status, isStream } = recording;
  const clock = createVirtualClock();
  const cuts = Array.from({ length: Math.floor(bytes.length / 7) }, (_, index) => 7 * index);
  const headers = { "content-type": isStream ? "text/event-stream" : "application/json" };
  const last = new TextEncoder().encode(JSON.stringify(isNative ? NATIVE_DONE : DONE));
  const bodies: { messages: { role: string; tool_call_id?: string }[] }[] = [];
  const client = createResilientClient({
    clock,
    random: seededRandom(1),
    retry: false,
    resume: false,
    providers: [isNative ? nativeReader : providerOf(recording)],
    fetch: async (_, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return bodies.length === 1
        ? makeResponse(isSplit ? splitBytes(bytes, cuts) : [bytes], status, headers)
        : makeResponse([last], 200, { "content-type": "application/json" });
    },
  });
  const made: { id: string; name: string; input: unknown }[] = [];
  const tools: Tool[] = [...new Set(toolCalls.map((call) => call.name))].map((known) =>
    tool({
      name: known,
      parameters: { type: "object" },
      execute: (input, { toolCallId: id }) => void made.push({ id, name: known, input }),
    }),
  );
  const messages = [{ role: "user", content: "hi" }] as const;
  const outcome = await clock.run(
    runTools(client, { model: "deepseek-flash", messages, tools }).then(
      (result) => ({ result, error: undefined }),
      (error: unknown) => ({ result: undefined, error }),
    ),
  );
  return { ...outcome, made, bodies };
}

test.each(cases)(
  "exactly the calls of the recording are made, each once, and none of a cut one: %s",
  async (_, ...given) => {
    const [recording, reading] = given;
    for (const isSplit of [false, true]) {
      const { result, error, made, bodies } = await run(recording, reading, isSplit);
      if (isCut(reading)) {
        expect(made).toEqual([]);
        expect(bodies.length).toBe(1);
        if (reading.finishReasons.includes("length"))
          expect(result?.completion.choices[0]?.finish_reason).toBe("length");
        else expect(ResilientClientError.isInstance(error) && error.code).toBe("malformed_output");
        continue;
      }
      expect(error).toBeUndefined();
      const asked = reading.toolCalls.map(({ id, name, arguments: text }) => ({
        id,
        name,
        input: JSON.parse(text || "{}"),
      }));
      expect(made).toEqual(asked);
      expect(result?.content).toBe("Done.");
      const answered = bodies[1]?.messages.flatMap(({ tool_call_id: id }) => id ?? []);
      expect(answered).toEqual(asked.map(({ id }) => id));
    }
  },
);
