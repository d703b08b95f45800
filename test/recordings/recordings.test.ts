import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ResilientClientError } from "../../src/index.ts";
import { readComplaint } from "../../src/prepare/read-complaint.ts";
import { errorFromBody } from "../../src/transport/http-errors.ts";
import { areWhole, type Reading, type Recording, readRecording, readRecordings } from "../support/read-recording.ts";
import { nativeReader, type Replayed, replay } from "../support/replay-recording.ts";
import { expectedError } from "./expected-errors.ts";

// What servers really sent, read by the client and by a second, plain reader: both must come to the same.

const directory = process.env["RECORDINGS_DIR"] || join(import.meta.dirname, "../../../shared/recordings");
const isThere = existsSync(directory);
const recordings = isThere ? readRecordings(directory) : [];

const ACCEPTED = ["stop", "tool_calls", "length"];

/** Each told by marks of its own, so that a recording in two groups, or in none, is noticed. */
const GROUPS = {
  answers: ({ error, refusal, toolCalls, finishReasons, text, reasoning, isNative }: Reading) =>
    !error &&
    !isNative &&
    refusal === "" &&
    finishReasons.length === 1 &&
    ACCEPTED.includes(finishReasons[0] ?? "") &&
    (toolCalls.length > 0 ? !finishReasons.includes("length") && areWhole(toolCalls) : text !== "" || reasoning !== ""),
  errors: ({ error }: Reading) => error !== undefined,
  refusals: ({ error, refusal }: Reading) => !error && refusal !== "",
  cutToolCalls: ({ error, refusal, toolCalls, finishReasons }: Reading) =>
    !error && refusal === "" && toolCalls.length > 0 && (finishReasons.includes("length") || !areWhole(toolCalls)),
  native: ({ isNative }: Reading) => isNative,
  notChat: ({ hasChoices, error, isNative }: Reading) => !hasChoices && !error && !isNative,
} as const;

type Case = readonly [name: string, recording: Recording, reading: Reading];
const cases: readonly Case[] = recordings.map((recording) => [recording.name, recording, readRecording(recording)]);
const inGroup = (group: keyof typeof GROUPS) => cases.filter(([, , reading]) => GROUPS[group](reading));

test.skipIf(!isThere)(
  isThere
    ? "every recording is in exactly one group"
    : "SKIPPED: no recordings here; RECORDINGS_DIR may name their folder",
  () => {
    const groups = Object.keys(GROUPS) as (keyof typeof GROUPS)[];
    const homeless = cases.filter(([, , reading]) => groups.filter((group) => GROUPS[group](reading)).length !== 1);
    expect(homeless.map(([name]) => name)).toEqual([]);
    expect(Object.fromEntries(groups.map((group) => [group, inGroup(group).length]))).toEqual({
      answers: 225,
      errors: 19,
      refusals: 5,
      cutToolCalls: 8,
      native: 10,
      notChat: 20,
    });
  },
);

test.each(inGroup("answers"))("the answer is the one that was sent: %s", async (_, recording, reading) => {
  for (const replayed of await replay(recording)) expectAnswer(replayed, reading, reading.toolCalls);
});

test.skipIf(!isThere)("the recorded refusals of a forced tool are told from all other errors", () => {
  const complaints = new Map<string, string>();
  for (const [name, recording] of inGroup("errors")) {
    const context = { provider: "deepseek", model: "deepseek-flash", secrets: [], status: recording.status };
    const complaint = readComplaint(errorFromBody(new TextDecoder().decode(recording.bytes), context));
    if (complaint) complaints.set(name, complaint.rule);
  }
  expect([...complaints.values()]).toEqual(["forced-tool-choice", "forced-tool-choice"]);
  for (const name of complaints.keys())
    expect(name).toContain("forced_tool_choice_under_thinking_is_rejected_upstream");
});

test.each(inGroup("errors"))("the error is the one that was meant: %s", async (_, recording, reading) => {
  const expected = expectedError(recording.status, reading.error);
  for (const { completion, error, pending, ...way } of await replay(recording)) {
    expect(completion, say(way)).toBeUndefined();
    expect(error, say(way)).toBeInstanceOf(ResilientClientError);
    expect(error, say(way)).toMatchObject(expected.fields);
    for (const field of ["unknownModel", "maxTokens", "requestedTokens"])
      if (!(field in expected.fields)) expect(error, say(way)).not.toHaveProperty(field);
    // A remedy takes the place of the last full stop.
    expect((error as Error).message, say(way)).toContain(expected.words.replace(/\.$/, ""));
    if (reading.hasChoices) expectTruePrefix(error, reading);
    expect(pending, say(way)).toBe(0);
  }
});

test.each(inGroup("refusals"))("a refusal is an error that holds its words: %s", async (_, recording, reading) => {
  for (const { completion, error, pending, ...way } of await replay(recording)) {
    expect(completion, say(way)).toBeUndefined();
    expect(error, say(way)).toMatchObject({
      code: "content_filter",
      partial: { content: reading.text, reasoning_content: reading.reasoning, refusal: reading.refusal },
    });
    expect(pending, say(way)).toBe(0);
  }
});

test.each(inGroup("cutToolCalls"))("a cut tool call is never handed out: %s", async (_, recording, reading) => {
  for (const replayed of await replay(recording)) {
    expect(replayed.delivered.toolCalls, say(replayed)).toEqual([]);
    if (reading.finishReasons.includes("length")) expectAnswer(replayed, reading, []);
    else {
      expect(replayed.completion, say(replayed)).toBeUndefined();
      expect(replayed.error, say(replayed)).toMatchObject({ code: "malformed_output" });
      // Nothing but the call had come.
      expect(replayed.error, say(replayed)).not.toHaveProperty("partial");
      expect(replayed.pending, say(replayed)).toBe(0);
    }
  }
});

test.each(inGroup("native"))(
  "on Ollama's own route the answer is the one that was sent: %s",
  async (_, recording, reading) => {
    for (const replayed of await replay(recording, nativeReader)) expectAnswer(replayed, reading, reading.toolCalls);
  },
);

test.each([...inGroup("notChat"), ...inGroup("native")])(
  "what is no chat completion is never an answer: %s",
  async (_, recording) => {
    for (const { completion, error, delivered, pending, ...way } of await replay(recording)) {
      expect(completion, say(way)).toBeUndefined();
      expect(delivered, say(way)).toEqual({ text: "", reasoning: "", toolCalls: [] });
      expect(error, say(way)).toBeInstanceOf(ResilientClientError);
      expect(pending, say(way)).toBe(0);
    }
  },
);

test.each([...inGroup("notChat"), ...inGroup("answers").slice(0, 20)])(
  "and what is none of Ollama's never one there: %s",
  async (_, recording) => {
    for (const { completion, error, pending, ...way } of await replay(recording, nativeReader)) {
      expect(completion, say(way)).toBeUndefined();
      expect(error, say(way)).toBeInstanceOf(ResilientClientError);
      expect(pending, say(way)).toBe(0);
    }
  },
);

function expectAnswer(replayed: Replayed, reading: Reading, calls: Reading["toolCalls"]): void {
  const { completion, error, delivered, pending, method } = replayed;
  expect(error, say(replayed)).toBeUndefined();
  const choice = completion?.choices[0];
  // A call that needs no arguments may come with none; the client hands out `{}`.
  const toolCalls = calls.map(({ id, name, arguments: text }) => ({
    id,
    type: "function",
    function: { name, arguments: text || "{}" },
  }));
  expect(
    {
      text: choice?.message.content,
      reasoning: choice?.message.reasoning_content,
      toolCalls: choice?.message.tool_calls,
      finishReason: choice?.finish_reason,
      usage: completion?.usage,
    },
    say(replayed),
  ).toEqual({
    text: reading.text,
    reasoning: reading.reasoning || undefined,
    toolCalls: toolCalls.length > 0 ? toolCalls : undefined,
    finishReason: reading.finishReasons[0],
    usage: reading.usage,
  });
  if (method === "stream") {
    const numbered = toolCalls.map((call, index) => ({ index, ...call }));
    const { text, reasoning } = reading;
    expect(delivered, say(replayed)).toEqual({ text, reasoning, toolCalls: numbered });
  }
  expect(pending, say(replayed)).toBe(0);
}

/** An error in the middle of an answer keeps what had come; what was held back for the finish may be missing. */
function expectTruePrefix(error: unknown, { text, reasoning }: Reading): void {
  const { partial } = error as ResilientClientError;
  expect(partial?.content).toBe(text);
  expect(partial?.reasoning_content).not.toBe("");
  expect(reasoning.startsWith(partial?.reasoning_content ?? "?")).toBe(true);
}

function say({ method, wire, reads }: Pick<Replayed, "method" | "wire" | "reads">): string {
  return `${method}(), wire "${wire}", ${reads}`;
}
