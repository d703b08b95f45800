import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepetitionDetector } from "../../src/chat/detect-repetition.ts";
import { readRecording, readRecordings } from "../support/read-recording.ts";

const directory = process.env["RECORDINGS_DIR"] || join(import.meta.dirname, "../../../shared/recordings");
const isThere = existsSync(directory);
const readings = isThere ? readRecordings(directory).map((file) => ({ name: file.name, ...readRecording(file) })) : [];
const LIMITS = { afterChars: 2_000, repetitions: 10, maxPeriodChars: 2_000 };

test.skipIf(!isThere)(
  isThere ? "no recorded answer repeats itself, nor do all of them in a row" : "SKIPPED: no recordings here",
  () => {
    const all = createRepetitionDetector(LIMITS);
    let characters = 0;
    for (const { name, text, reasoning } of readings) {
      for (const said of [text, reasoning]) {
        characters += said.length;
        expect([name, createRepetitionDetector(LIMITS).add(said), all.add(said)]).toEqual([name, undefined, undefined]);
      }
    }
    expect(characters).toBeGreaterThan(10_000);
  },
);
