import { expect, test } from "vitest";
import type { AttemptCall } from "../../../src/call.ts";
import { createRunAttempt, type Host } from "../../../src/providers/run-attempt.ts";
import { createDecoder } from "../../../src/providers/wire-format.ts";
import { ABORT_REASONS, isPending, listenersOn, rejectionOf } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";
import { drain, watchAttempt } from "../../support/watched-attempt.ts";
import { DONE, fetchThat, HANG, makeBody, makeChunk, makeEvent, makeResponse } from "../../support/wire-response.ts";

const lab: Host = {
  name: "lab",
  url: () => "https://lab.test/v1/chat/completions",
  key: () => SECRET,
  headers: {},
  asksForUsage: false,
  onRefused() {},
  requestIdHeader: "x-trace",
  createDecoder: (_, context) => createDecoder(context),
  encode: ({ request }) => request,
};
const answer = makeEvent(makeChunk({ content: "Hi" })) + makeEvent(makeChunk({ content: "" }, "stop"));

function run(
  response: () => Response | Promise<Response>,
  host: Partial<Host> = {},
  overrides: Partial<AttemptCall> = {},
) {
  const server = fetchThat(response);
  const attempt = watchAttempt({ fetch: server.fetch, provider: "lab", model: "own", ...overrides });
  return { attempt, requests: server.requests, opening: createRunAttempt({ ...lab, ...host })(attempt.call) };
}

const good = () => makeResponse([answer, DONE]);

test.each([
  ["a string", () => "my-key"],
  ["a promise", () => Promise.resolve("my-key")],
  ["a string with blanks around it", () => " my-key\n"],
])("the key may be %s", async (_, key) => {
  const { opening, requests } = run(good, { key });
  await drain(await opening);
  expect(requests[0]?.headers.get("authorization")).toBe("Bearer my-key");
});

test("a host that needs no key is sent none", async () => {
  const { opening, requests } = run(good, { key: () => undefined });
  await drain(await opening);
  expect(requests[0]?.headers.has("authorization")).toBe(false);
});

test("a key function that fails is told as a missing key, with its cause, and nothing is sent", async () => {
  const cause = new Error("the vault is locked");
  for (const key of [
    () => {
      throw cause;
    },
    () => Promise.reject(cause),
  ]) {
    const { opening, requests } = run(good, { key });
    expect(await rejectionOf(opening)).toMatchObject({
      code: "missing_api_key",
      provider: "lab",
      message: "The apiKey function of lab failed: the vault is locked",
      cause: { message: "the vault is locked" },
    });
    expect(requests).toEqual([]);
  }
});

test("a key function that gives no string is told as a missing key", async () => {
  const { opening, requests } = run(good, { key: (() => 7) as unknown as Host["key"] });
  expect(await rejectionOf(opening)).toMatchObject({ code: "missing_api_key" });
  expect(requests).toEqual([]);
});

test.each([
  ["a Chinese character", "深"],
  ["a line break", "\n"],
  ["a blank", " "],
  ["a null byte", "\0"],
  ["an accent", "\u00e9"],
])("a key with %s cannot be sent, and is in no error", async (_, bad) => {
  const { opening, requests } = run(good, { key: () => `${SECRET}${bad}${SECRET}` });
  const error = await rejectionOf(opening);
  expect(error).toMatchObject({
    code: "invalid_options",
    message: "The API key of lab holds characters that cannot be sent.",
  });
  expect(everythingSaidBy(error)).not.toContain(SECRET);
  expect(requests).toEqual([]);
});

test("the last key of a rotation is the one that is masked", async () => {
  let number = 0;
  const send = createRunAttempt({ ...lab, key: () => `Rotating+Key/${++number}=` });
  for (const key of ["Rotating+Key/1=", "Rotating+Key/2="]) {
    const { fetch } = fetchThat(() => makeResponse([`{"error":{"message":"bad ${key}"}}`], 401));
    const error = await rejectionOf(send(watchAttempt({ fetch }).call));
    expect(everythingSaidBy(error)).not.toContain(key);
  }
});

test("a request that cannot be written as JSON is an invalid request, and nothing is sent", async () => {
  const request = { model: "m", messages: [{ role: "user", content: "hi" }], seed: 1n } as const;
  const { opening, requests } = run(good, {}, { request });
  expect(await rejectionOf(opening)).toMatchObject({ code: "invalid_request" });
  expect(requests).toEqual([]);
});

interface Stage {
  readonly name: string;
  /** What the server does until the abort. */
  readonly response: () => Response | Promise<Response>;
  /** Whether the reply has come by then. */
  readonly isOpen: boolean;
}

const STAGES: readonly Stage[] = [
  { name: "before the headers", response: () => new Promise(() => {}), isOpen: false },
  { name: "in the queue", response: () => makeResponse([": keep-alive\n\n", HANG]), isOpen: false },
  { name: "in an error body", response: () => makeResponse(["{", HANG], 503), isOpen: false },
  {
    name: "after the head",
    response: () => makeResponse([makeEvent(makeChunk({ content: "Hi" })), HANG]),
    isOpen: true,
  },
  { name: "after the finish reason", response: () => makeResponse([answer, HANG]), isOpen: true },
];

test.each(STAGES.flatMap((stage) => ABORT_REASONS.map(([what, reason]) => [stage.name, what, stage, reason] as const)))(
  "an abort %s comes back unchanged and leaves nothing behind: %s",
  async (_, __, stage, reason) => {
    const controller = new AbortController();
    const { signal } = controller;
    const untilAbort = new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")), { once: true });
    });
    untilAbort.catch(() => {});
    const { opening, attempt } = run(() => Promise.race([stage.response(), untilAbort]), {}, { signal });
    expect(await isPending(opening)).toBe(!stage.isOpen);
    const waiting = rejectionOf(opening.then(drain));
    expect(await isPending(waiting)).toBe(true);
    controller.abort(reason);
    expect(await waiting).toBe(signal.reason);
    expect(listenersOn(signal)).toBe(0);
    expect(attempt.clock.pending).toBe(0);
  },
);

test("an abort while the key is fetched sends nothing", async () => {
  const controller = new AbortController();
  const key = async () => {
    controller.abort("enough");
    return SECRET;
  };
  const { opening, requests } = run(good, { key }, { signal: controller.signal });
  expect(await rejectionOf(opening)).toBe("enough");
  expect(requests).toEqual([]);
});

test("a success leaves no listener on a signal that lives longer", async () => {
  const { signal } = new AbortController();
  for (let count = 0; count < 20; count++) {
    const { opening, attempt } = run(good, {}, { signal });
    const reply = await opening;
    await drain(reply);
    await reply.closed;
    expect(attempt.clock.pending).toBe(0);
  }
  expect(listenersOn(signal)).toBe(0);
});

test("a cancelled reply closes its connection and leaves no listener", async () => {
  const body = makeBody([makeEvent(makeChunk({ content: "Hi" })), HANG]);
  const { opening, attempt } = run(() => new Response(body.stream));
  const reply = await opening;
  reply.cancel();
  expect(await reply.closed).toMatchObject({ outcome: "cancelled" });
  expect(body.isCancelled).toBe(true);
  expect(listenersOn(attempt.call.signal)).toBe(0);
  expect(attempt.clock.pending).toBe(0);
});

test("a server that does not end its stream after [DONE] loses its connection after 100 ms, not the answer", async () => {
  const body = makeBody([answer + DONE, HANG]);
  const { opening, attempt } = run(() => new Response(body.stream));
  const reply = await opening;
  await drain(reply);
  expect(await isPending(reply.closed)).toBe(true);
  await attempt.clock.advance(100);
  expect(await reply.closed).toMatchObject({ outcome: "succeeded" });
  expect(body.isCancelled).toBe(true);
  expect(listenersOn(attempt.call.signal)).toBe(0);
});
