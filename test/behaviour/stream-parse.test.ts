import { expect, test } from "vitest";
import * as z from "zod";
import { type ParseStream, parse, streamParse } from "../../src/index.ts";
import { isJsonPrefix } from "../support/json-prefix.ts";
import { ASKED, createStructuredWorld, SOUP, SOUP_TEXT } from "../support/structured-world.ts";

/** All that a stream shows. */
async function readAll<P>(stream: ParseStream<unknown, P>): Promise<P[]> {
  const seen: P[] = [];
  for await (const partial of stream.partials()) seen.push(partial);
  return seen;
}

test("the value grows while it comes, each time by something, and the last one is the whole", async () => {
  const { client, run } = createStructuredWorld([`Sure:\n\`\`\`json\n${SOUP_TEXT}\n\`\`\``]);
  const stream = streamParse(client, ASKED);
  const seen = await run(readAll(stream));
  expect(await stream.finalValue()).toEqual(SOUP);
  expect(seen.at(-1)).toEqual(SOUP);
  expect(seen.length).toBeGreaterThan(15);
  for (const partial of seen) expect(isJsonPrefix(partial, SOUP)).toBe(true);
  expect(new Set(seen.map((partial) => JSON.stringify(partial))).size).toBe(seen.length);
  // What is done stays the same object, so that whoever draws it can tell.
  const steps = seen.flatMap(({ steps: [step, next] = [] }) => (next ? [step] : []));
  expect(steps.length).toBeGreaterThan(1);
  expect(new Set(steps).size).toBe(1);
  expect(stream.reports.map(({ outcome }) => outcome)).toEqual(["succeeded"]);
  const { raw, completion } = await stream.finalValue().withReport();
  expect(raw).toBe(completion.choices[0]?.message.content);
});

test("a list is shown without the object it travels in, from its first bracket on", async () => {
  const { client, run } = createStructuredWorld(['{"value":["one","two"]}']);
  const stream = streamParse(client, { ...ASKED, schema: z.array(z.string()) });
  const seen = await run(readAll(stream));
  expect(seen[0]).toEqual([]);
  expect(seen.at(-1)).toEqual(["one", "two"]);
});

test("an answer that does not fit is shown, and then the next one from its beginning", async () => {
  const { client, run } = createStructuredWorld(['{"title":"Bread"}', SOUP_TEXT]);
  const stream = streamParse(client, ASKED);
  const seen = await run(readAll(stream));
  const titles = seen.map(({ title }) => title).filter((title) => title !== undefined);
  expect(titles.indexOf("Bread")).toBeGreaterThan(0);
  expect(titles.slice(titles.indexOf("Bread") + 1).every((title) => "Soup".startsWith(title))).toBe(true);
  expect(seen.at(-1)).toEqual(SOUP);
  expect(stream.reports).toHaveLength(2);
});

test("a stream that breaks and cannot go on begins anew, and ends right", async () => {
  // Each fresh request is answered in other words, so that no new start says the same.
  const texts = [SOUP_TEXT.replace("Soup", "Stew"), SOUP_TEXT];
  const script = [{ kind: "cut", afterTokens: 12 }, { kind: "invalid_request" }] as const;
  const { client, run } = createStructuredWorld(texts, { script });
  const stream = streamParse(client, { ...ASKED, thinking: { type: "disabled" } });
  const seen = await run(readAll(stream));
  expect(seen.some(({ title }) => title === "Stew")).toBe(true);
  expect(seen.at(-1)).toEqual(SOUP);
  expect(await stream.finalValue()).toEqual(SOUP);
  expect(stream.reports).toHaveLength(1);
});

test("thousands of spaces are not waited for", async () => {
  const { client, run, clock, hosts } = createStructuredWorld([" ".repeat(50_000), SOUP_TEXT]);
  const stream = streamParse(client, { ...ASKED, thinking: { type: "disabled" } });
  const startedAt = clock.now();
  expect(await run(stream.finalValue())).toEqual(SOUP);
  // 5 ms a token.
  expect(clock.now() - startedAt).toBeLessThan(60_000);
  expect(stream.reports.map(({ outcome }) => outcome)).toEqual(["aborted", "succeeded"]);
  expect(hosts[0]?.stats.inFlight).toBe(0);
});

test("nothing is asked before somebody reads, and what is aborted before asks nobody", async () => {
  const { client, clock, failure, sent } = createStructuredWorld([SOUP_TEXT]);
  const stream = streamParse(client, ASKED);
  await clock.advance(1_000);
  expect(sent()).toEqual([]);
  stream.abort("no");
  expect(await failure(stream.finalValue())).toBe("no");
  expect(await failure(readAll(stream))).toBe("no");
  expect(sent()).toEqual([]);
  expect(() => stream.partials()).toThrow(/read once/);
});

test("an abort in the middle, of the stream or of its signal, comes back unchanged, to the loop and to the value", async () => {
  const reason = { mine: true };
  for (const byStream of [true, false]) {
    const { client, clock, failure, hosts } = createStructuredWorld([SOUP_TEXT], { timing: { tokenMs: 100 } });
    const controller = new AbortController();
    const stream = streamParse(client, ASKED, { signal: controller.signal });
    clock.after(3_000, () => (byStream ? stream.abort(reason) : controller.abort(reason)));
    const value = failure(stream.finalValue());
    expect(await failure(readAll(stream))).toBe(reason);
    expect(await value).toBe(reason);
    await clock.advance(5_000);
    expect(hosts[0]?.stats.inFlight).toBe(0);
  }
});

test("leaving the loop closes the connection, and the value is an AbortError", async () => {
  const { client, clock, run, failure, hosts } = createStructuredWorld([SOUP_TEXT], { timing: { tokenMs: 100 } });
  const stream = streamParse(client, ASKED);
  const leave = async () => {
    for await (const partial of stream.partials()) if (partial.title === "Soup") break;
  };
  await run(leave());
  expect(await failure(stream.finalValue())).toMatchObject({ name: "AbortError" });
  await clock.advance(5_000);
  expect(hosts[0]?.stats.inFlight).toBe(0);
  expect(stream.reports[0]?.outcome).toBe("aborted");
});

test("a slow reader loses nothing but steps on the way", async () => {
  const { client, clock, run } = createStructuredWorld([SOUP_TEXT], { timing: { tokenMs: 100 } });
  const stream = streamParse(client, ASKED);
  const seen: unknown[] = [];
  const read = async () => {
    for await (const partial of stream.partials()) {
      seen.push(partial);
      await new Promise<void>((resolve) => clock.after(2_000, resolve));
    }
  };
  await run(read());
  expect(seen.length).toBeLessThan(10);
  expect(seen.at(-1)).toEqual(SOUP);
});

test("a list of thousands of entries is shown in fewer steps, and whole at its end", async () => {
  const numbers = Array.from({ length: 4_000 }, (_, index) => index);
  const { client, run, hosts } = createStructuredWorld([JSON.stringify({ value: numbers })]);
  const seen = await run(readAll(streamParse(client, { ...ASKED, schema: z.array(z.number()) })));
  const tokens = hosts[0]?.stats.tokensMade ?? 0;
  expect(tokens).toBeGreaterThan(4_000);
  expect(seen.length).toBeLessThan(tokens / 10);
  expect(seen.length).toBeGreaterThan(50);
  expect(seen.at(-1)).toEqual(numbers);
});

test("options that nobody knows are refused at once", () => {
  const { client } = createStructuredWorld([SOUP_TEXT]);
  expect(() => streamParse(client, ASKED, { retries: 3 } as never)).toThrow(/unknown option retries/);
});

test("two who ask for the next one at once get one each", async () => {
  const { client, run } = createStructuredWorld([SOUP_TEXT]);
  const partials = streamParse(client, ASKED).partials();
  const [first, second] = await run(Promise.all([partials.next(), partials.next()]));
  expect([first, second]).toEqual([
    { done: false, value: {} },
    { done: false, value: { title: "" } },
  ]);
  await partials.return?.();
  expect(await partials.next()).toEqual({ done: true, value: undefined });
});

test("what the client fails with ends the loop, once", async () => {
  const { client, failure, run } = createStructuredWorld([SOUP_TEXT], { faults: [{ kind: "busy" }] }, { retry: false });
  const partials = streamParse(client, ASKED).partials();
  expect(await failure(partials.next())).toMatchObject({ code: "busy" });
  expect(await run(partials.next())).toEqual({ done: true, value: undefined });
});

test("a __proto__ in an answer is a key, in the value and in what is shown of it", async () => {
  const text = '{"__proto__":{"isAdmin":true},"title":"Soup"}';
  const { client, run } = createStructuredWorld([text]);
  const schema = {
    "~standard": { version: 1, vendor: "hand", validate: (value: unknown) => ({ value: value as object }) },
  } as const;
  const asked = { ...ASKED, schema, jsonSchema: { type: "object" } };
  const stream = streamParse(client, asked);
  const seen = await run(readAll(stream));
  for (const value of [...seen, await run(parse(client, asked))]) {
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  }
  expect(JSON.stringify(seen.at(-1))).toBe(text);
});
