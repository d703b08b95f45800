import { createParser } from "eventsource-parser";
import { expect, test } from "vitest";
import { createSimulator, createVirtualClock, type Framing, type ScriptStep } from "../../../src/testing/index.ts";
import { ask, BASE, chunksOf, completionOf, initOf } from "./ask.ts";

const STREAM = { stream: true };
const ANSWER = { reasoning: "是 so", content: "👩🏽‍🚀 and naïve" };

function create(framing: Framing, script: readonly ScriptStep[] = []) {
  return createSimulator({ clock: createVirtualClock(0), framing, script, answer: () => ANSWER });
}

/** The data of a stream, as a parser that is not ours reads it. */
function read(text: string, framing: Framing): string[] {
  const data: string[] = [];
  const parser = createParser({ onEvent: (event) => data.push(event.data) });
  parser.feed(text);
  if (framing.unterminated) parser.feed("\n\n");
  // A line break within JSON is no difference.
  return data.map((json) => (json.startsWith("{") ? JSON.stringify(JSON.parse(json)) : json));
}
const raw = async (framing: Framing) => (await ask(create(framing), STREAM)).text;

const LAYOUTS: readonly Framing[] = [
  { lineEnd: "\r\n" },
  { lineEnd: "\r" },
  { byteOrderMark: true },
  { writeBytes: 1 },
  { writeBytes: 7 },
  { writeBytes: Number.POSITIVE_INFINITY },
  { comments: true },
  { dataLines: true },
  { spaceAfterColon: false },
  { otherFields: true },
  { unterminated: true },
  { junk: "text" },
  { junk: "bytes" },
  {
    lineEnd: "\r\n",
    byteOrderMark: true,
    writeBytes: 3,
    comments: true,
    dataLines: true,
    spaceAfterColon: false,
    otherFields: true,
    unterminated: true,
    junk: "bytes",
  },
];

test.each(LAYOUTS)("another parser reads the same events in the layout %o", async (framing) => {
  const calm = await raw({});
  const text = await raw(framing);
  expect(read(text, framing)).toEqual(read(calm, {}));
  // TextDecoder drops a byte order mark; the layout shows in bytes.
  const hasMark = framing.byteOrderMark && Object.keys(framing).length === 1;
  if (!hasMark && framing.writeBytes === undefined) expect(text).not.toBe(calm);
});

test("each layout looks as it is told to", async () => {
  expect(await raw({ lineEnd: "\r\n" })).toMatch(/^data: \{.*\}\r\n\r\n[\s\S]*data: \[DONE\]\r\n\r\n$/);
  expect(await raw({ lineEnd: "\r" })).not.toContain("\n");
  expect((await ask(create({ byteOrderMark: true }), STREAM)).bytes.slice(0, 4)).toEqual(
    Uint8Array.of(0xef, 0xbb, 0xbf, 0x64),
  );
  expect(await raw({ comments: true })).toMatch(/^data: .*\n\n: a comment\n\ndata: /);
  expect(await raw({ dataLines: true })).toMatch(/^data: \{\ndata: {2}"id": ".*",\ndata: {2}"object"/);
  expect(await raw({ spaceAfterColon: false })).toMatch(/^data:\{/);
  expect(await raw({ otherFields: true })).toMatch(
    /^event: message\nid: 1\nretry: 3000\ndata: \{.*\n\nevent: message\nid: 2\n/,
  );
  expect(await raw({ unterminated: true })).toMatch(/[^\n]\n\ndata: \[DONE\]\n$/);
  expect(await raw({ junk: "text" })).toMatch(/"stop".*\n\nupstream error: read ECONNRESET\n\ndata: \[DONE\]\n\n$/);
  const { bytes } = await ask(create({ junk: "bytes" }), STREAM);
  expect(bytes.indexOf(0xff)).toBeGreaterThan(0);
});

test("a megabyte of padding is a field of the first event and of a JSON body", async () => {
  const padBytes = 1_048_576;
  const events = chunksOf(await raw({ padBytes }));
  const paddings = events.map((event) => (event as { padding?: string }).padding?.length);
  expect(paddings).toEqual([padBytes, ...Array.from({ length: events.length - 1 }, () => undefined)]);
  const whole = await ask(create({ padBytes }));
  expect(whole.bytes.length).toBeGreaterThan(padBytes);
  expect(completionOf(whole).choices[0]?.message.content).toBe(ANSWER.content);
});

test("writes have exactly the bytes they are told, also of a JSON body, across events and characters", async () => {
  for (const stream of [true, false]) {
    for (const writeBytes of [1, 5, Number.POSITIVE_INFINITY]) {
      const response = await create({ writeBytes }).fetch(`${BASE}/chat/completions`, initOf({ stream }));
      const sizes: number[] = [];
      for await (const bytes of response.body ?? []) sizes.push(bytes.length);
      const all = sizes.reduce((sum, size) => sum + size, 0);
      expect(sizes.slice(0, -1).every((size) => size === writeBytes)).toBe(true);
      expect(sizes.length).toBe(writeBytes === Number.POSITIVE_INFINITY ? 1 : Math.ceil(all / writeBytes));
    }
  }
});

test("in any pieces the tokens that are written are all there are, and time passes as before", async () => {
  for (const writeBytes of [undefined, 1, 100, Number.POSITIVE_INFINITY]) {
    const clock = createVirtualClock(0);
    const simulator = createSimulator({ clock, framing: { writeBytes }, timing: { headMs: 300, tokenMs: 25 } });
    await clock.run(ask(simulator, STREAM));
    const plain = createSimulator();
    await ask(plain, STREAM);
    expect(simulator.requests[0]?.tokens).toBe(plain.requests[0]?.tokens);
    expect(clock.now()).toBe(300 + 25 * ((plain.requests[0]?.tokens ?? 0) - 1));
  }
});

test("a cut counts the bytes of the layout, inside a character, whatever the writes", async () => {
  for (const writeBytes of [undefined, 1, 4, Number.POSITIVE_INFINITY]) {
    const framing: Framing = { lineEnd: "\r\n", comments: true, writeBytes };
    const whole = (await ask(create(framing), STREAM)).bytes;
    const inCharacter = whole.indexOf(0xf0) + 2;
    const { bytes, error } = await ask(create(framing, [{ kind: "cut", afterBytes: inCharacter }]), STREAM);
    expect([...bytes]).toEqual([...whole.slice(0, inCharacter)].map((byte) => byte));
    expect(error).toBeInstanceOf(TypeError);
  }
});

test("a layout composes with queues and errors in the stream", async () => {
  const queue = createSimulator({ script: [{ kind: "queue", forMs: 1 }], framing: { lineEnd: "\r\n" } });
  expect((await ask(queue, STREAM)).text).toMatch(/^: keep-alive\r\n\r\ndata: /);
  const named: ScriptStep = { kind: "in_stream_error", level: "named", afterTokens: 0 };
  const { text } = await ask(create({ otherFields: true, spaceAfterColon: false }, [named]), STREAM);
  expect(text).toMatch(/^event:error\ndata:\{"error":/);
});
