import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEventParser } from "../../src/transport/learn-template.ts";
import { readRecordings } from "../support/read-recording.ts";

const directory = process.env["RECORDINGS_DIR"] || join(import.meta.dirname, "../../../shared/recordings");
const isThere = existsSync(directory);
const streams = isThere ? readRecordings(directory).filter(({ isStream }) => isStream) : [];

test.skipIf(!isThere)(
  isThere ? "the chunks of every recorded stream parse as JSON.parse parses them" : "SKIPPED: no recordings here",
  () => {
    let chunks = 0;
    for (const { name, bytes } of streams) {
      const parse = createEventParser();
      for (const [, data = ""] of new TextDecoder().decode(bytes).matchAll(/^data: ?(\{.*\})\r?$/gm)) {
        chunks += 1;
        expect(JSON.stringify(parse(data)), name).toBe(JSON.stringify(JSON.parse(data)));
      }
    }
    expect(chunks).toBeGreaterThan(1000);
  },
);
