import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { createResilientClient, type ErrorCode } from "../../src/index.ts";
import { ask, WAYS } from "../support/ask-both-ways.ts";
import { ANSWER, event, SSE, startRawServer, usage, WHOLE } from "../support/raw-server.ts";

type Wire = "stream" | "json";
type Act = (response: ServerResponse) => void;

const answer =
  (status: number, type: string, body: string): Act =>
  (response) => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };
const JSON_TYPE = "application/json";
const HTML = "<!DOCTYPE html>\n<html><body><h1>5xx Service Temporarily Unavailable</h1></body></html>";
const MESSAGE = { role: "assistant", content: ANSWER };
const BODY = JSON.stringify({ id: "raw", choices: [{ index: 0, message: MESSAGE, finish_reason: "stop" }], usage });
const whole = (wire: Wire): Act =>
  wire === "stream" ? answer(200, SSE["content-type"], WHOLE) : answer(200, JSON_TYPE, BODY);

/** A client whose server answers each request with the next act, and with the last one from then on. */
async function clientFor(acts: readonly Act[], wire: Wire, maxRounds = 9, fetch?: typeof globalThis.fetch) {
  let requests = 0;
  const server = await startRawServer((_request, response) => {
    const act = acts[Math.min(requests, acts.length - 1)];
    requests += 1;
    act?.(response);
  });
  const retry = { maxRounds, backoff: () => 0 };
  const client = createResilientClient({
    apiKey: "sk-wire",
    baseURL: server.url,
    wire,
    retry,
    resume: false,
    // The same client is asked again after each refusal.
    breaker: false,
    fetch,
  });
  return { client, requests: () => requests };
}

const both = <Case extends readonly unknown[]>(cases: readonly Case[]) =>
  (["stream", "json"] as const).flatMap((wire) => cases.map((each) => [wire, ...each] as const));

const busy = {
  error: { message: "Service is too busy. Please retry later.", type: "service_unavailable_error", param: null },
};

// https://github.com/deepseek-ai/DeepSeek-V3/issues/450
// https://github.com/cline/cline/issues/2848
test.each(
  both<readonly [string, Act]>([
    ["503 with JSON", answer(503, JSON_TYPE, JSON.stringify(busy))],
    ["503 with JSON under another type", answer(503, "text/plain", JSON.stringify(busy))],
    ["503 with a blank body", answer(503, JSON_TYPE, "\n \n")],
    ["503 with no body and no type", (response) => response.writeHead(503).end()],
    ["500 with a page", answer(500, "text/html", HTML)],
    ["502 with a page", answer(502, "text/html", HTML)],
    ["504 with a page", answer(504, "text/html", HTML)],
    ["504 with a page called JSON", answer(504, JSON_TYPE, HTML)],
    ["529 with plain text", answer(529, "text/plain", "overloaded")],
    ["200 with busy JSON", answer(200, JSON_TYPE, JSON.stringify(busy))],
    ["200 with busy JSON behind blank lines", answer(200, SSE["content-type"], `\n\n\n${JSON.stringify(busy)}`)],
    ["200 with busy JSON as an event", answer(200, SSE["content-type"], `data: ${JSON.stringify(busy)}\n\n`)],
    ["200 with plain text", answer(200, "text/plain", "The server is busy. Please try again later.\n")],
    ["200 with plain text and no line break", answer(200, "text/plain", "The server is busy. Please try again later.")],
    ["200 with a number in brackets", answer(200, "text/plain", "[503] The request queue is full")],
    ["200 with plain text behind keep-alives", answer(200, SSE["content-type"], ": keep-alive\n\nServer is busy")],
    ["200 with a page", answer(200, "text/html", HTML)],
  ]),
)(
  "pain point 13, server is busy: wire %s, %s is sat out until the answer is whole, and else is 'busy'",
  async (wire, _, act) => {
    for (const way of WAYS) {
      const recovering = await clientFor([act, act, act, whole(wire)], wire);
      expect(await ask(recovering.client, way)).toEqual({ text: ANSWER, error: undefined });
      expect(recovering.requests()).toBe(4);
      const always = await clientFor([act], wire, 2, byByte);
      const { text, error } = await ask(always.client, way);
      expect(text).toBe("");
      expect(error).toMatchObject({ name: "BusyError", code: "busy", retryable: true, provider: "deepseek" });
      expect(error?.message).not.toMatch(/<|JSON\.parse|Unexpected token/);
      expect(error?.message).toContain("Gave up after 2 attempts");
      expect(always.requests()).toBe(2);
    }
  },
);

// https://github.com/deepseek-ai/DeepSeek-V3/issues/450
test.each(both([[""], ["\n\n\n"], [": keep-alive\n\n: keep-alive\n\n"]] as const))(
  "pain point 13, server is busy: wire %s, a blank body under 200 (%j) is no empty string, and is asked again",
  async (wire, blank) => {
    for (const way of WAYS) {
      const act = answer(200, wire === "stream" ? SSE["content-type"] : JSON_TYPE, blank);
      const recovering = await clientFor([act, whole(wire)], wire);
      expect(await ask(recovering.client, way)).toEqual({ text: ANSWER, error: undefined });
      const always = await clientFor([act], wire, 3);
      const { error } = await ask(always.client, way);
      expect(["stream_interrupted", "empty_answer"]).toContain(error?.code);
      expect(error?.retryable).toBe(true);
    }
  },
);

const opener = event({ role: "assistant", content: "" });
const choice = (fields: object) => ({
  id: "raw",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: {}, ...fields }],
});
const data = (json: object) => `data: ${JSON.stringify(json)}\n\n`;

/** Where an error may stand in a stream under 200. */
const places: readonly (readonly [string, (error: object) => string])[] = [
  ["an event", (error) => data({ error })],
  ["an event beside empty choices", (error) => data({ ...choice({}), choices: [], error })],
  ["a choice", (error) => data(choice({ error }))],
  ["a choice that also finishes", (error) => data(choice({ error, finish_reason: "error" }))],
  ["a delta", (error) => data(choice({ delta: { error } }))],
  ["an SSE event named error", (error) => `event: error\n${data({ error })}`],
  ["an SSE event named error, bare", (error) => `event: error\n${data(error)}`],
  ["a JSON body", (error) => JSON.stringify({ error })],
  ["a JSON body behind keep-alives", (error) => `\n\n\n${JSON.stringify({ error })}`],
];

/** How an error may name what it means, and the status that means the same. */
const names: readonly (readonly [number, object])[] = [
  [503, { code: 503, message: "no room" }],
  [503, { code: "503", message: "no room" }],
  [503, { code: "invalid_request_error", message: "[503] The request queue is full" }],
  [503, { type: "service_unavailable_error", message: "no room" }],
  [502, { status: 502, message: "upstream" }],
  [429, { code: 429, message: "slow down" }],
  [429, { code: "429", message: "slow down" }],
  [429, { type: "rate_limit_error", message: "You exceeded your concurrency limit of 25" }],
  [401, { code: 401, message: "bad key" }],
  [401, { type: "authentication_error", message: "bad key" }],
  [402, { code: 402, message: "Insufficient Balance" }],
  [403, { code: "403", message: "not for you" }],
  [400, { code: 400, message: "Content Exists Risk" }],
  [
    400,
    {
      code: 400,
      message:
        "This model's maximum context length is 10 tokens. However, you requested 20 tokens (15 in the messages, 5 in the completion).",
    },
  ],
];

/** What is to be compared of two errors that mean the same. */
const meaning = (error: object | undefined) => {
  const { code, status, retryable, concurrencyLimit, maxTokens, requestedTokens } = (error ?? {}) as Record<
    string,
    unknown
  >;
  return { code, status, retryable, concurrencyLimit, maxTokens, requestedTokens };
};

// https://github.com/diegosouzapw/OmniRoute/issues/8210
// https://github.com/anomalyco/opencode/issues/40254
test.each(names)(
  "pain point 18, errors inside HTTP 200: %d said as %o means the same wherever it stands",
  async (status, error) => {
    const plainly = await clientFor([answer(status, JSON_TYPE, JSON.stringify({ error }))], "stream", 1);
    const due = meaning((await ask(plainly.client, "plain")).error);
    expect(due.status).toBe(status);
    for (const [where, place] of places) {
      for (const before of where.startsWith("a JSON body") ? [""] : ["", opener, opener + event({ content: "half" })]) {
        const { client } = await clientFor([answer(200, SSE["content-type"], before + place(error))], "stream", 1);
        for (const way of WAYS) {
          const asked = await ask(client, way);
          expect(meaning(asked.error), `${where}, ${way}, after ${before}`).toEqual(due);
          const shown = before.includes("half") ? "half" : "";
          expect(asked.text).toBe(way === "plain" ? "" : shown);
          expect(asked.error?.partial?.content ?? "").toBe(shown);
        }
      }
    }
  },
);

// https://github.com/BerriAI/litellm/issues/32237
// https://github.com/damianvtran/local-operator/issues/223
test.each<[string, string, ErrorCode]>([
  ["no name at all", data({ error: { message: "something broke" } }), "busy"],
  ["a text for an error", data({ error: "The engine is overloaded" }), "busy"],
  ["text in an event named error", "event: error\ndata: [503] The request queue is full\n\n", "busy"],
  ["a status in the text of an event", "data: [429] slow down\n\n", "rate_limited"],
  ["a status in an event of its own", data({ code: 429, message: "slow down" }), "rate_limited"],
  ["a body without an error field", JSON.stringify({ detail: "no room" }), "busy"],
])("pain point 18, errors inside HTTP 200: %s is an error of its kind, and is asked again", async (_, said, code) => {
  for (const way of WAYS) {
    const act = answer(200, SSE["content-type"], said);
    const alone = await clientFor([act], "stream", 1);
    expect((await ask(alone.client, way)).error).toMatchObject({ code, retryable: true });
    const recovering = await clientFor([act, act, whole("stream")], "stream");
    expect(await ask(recovering.client, way)).toEqual({ text: ANSWER, error: undefined });
  }
});

/** A fetch whose bodies give one byte a read. */
const byByte: typeof globalThis.fetch = async (input, init) => {
  const response = await fetch(input, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let position = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (position >= bytes.length) controller.close();
      else controller.enqueue(bytes.subarray(position, ++position));
    },
  });
  return new Response(body, response);
};

const framings: readonly (readonly [string, (body: string) => string])[] = [
  [
    "keep-alives before, between and after",
    (body) => `: keep-alive\n\n${body.replaceAll("\n\n", "\n\n: keep-alive\n\n")}`,
  ],
  ["blank lines before it", (body) => `\n\n \n\r\n${body}`],
  ["data: without a space", (body) => body.replaceAll("data: ", "data:")],
  ["CRLF", (body) => body.replaceAll("\n", "\r\n")],
  ["a bare CR", (body) => body.replaceAll("\n", "\r")],
  ["a BOM", (body) => `\ufeff${body}`],
  ["a BOM, keep-alives and CRLF", (body) => `\ufeff: keep-alive\n\n${body}`.replaceAll("\n", "\r\n")],
  ["other fields", (body) => body.replaceAll("data: ", "event: message\nid: 7\nretry: 10\nunknown: x\ndata: ")],
  ["events of two lines", (body) => body.replaceAll('"object"', '\ndata: "object"')],
];

// https://github.com/tmc/langchaingo/issues/942
// https://github.com/deepseek-ai/DeepSeek-V3/issues/407
test.each(framings)(
  "pain point 19, keep-alive lines break parsers: %s changes no character, one byte a read or all at once",
  async (_, frame) => {
    const act = answer(200, SSE["content-type"], frame(WHOLE));
    for (const fetch of [undefined, byByte]) {
      const { client } = await clientFor([act], "stream", 1, fetch);
      for (const way of WAYS) expect(await ask(client, way)).toEqual({ text: ANSWER, error: undefined });
    }
  },
);

// https://github.com/deepseek-ai/DeepSeek-V3/issues/599
// https://github.com/openai/openai-go/issues/227
test.each([
  ["blank lines", (body: string) => `\n\n\n\n${body}`],
  ["blank lines of CRLF and spaces", (body: string) => `\r\n  \r\n\t${body}\n\n`],
  ["a BOM", (body: string) => `\ufeff${body}`],
])(
  "pain point 19, keep-alive lines break parsers: %s around JSON change no character, one byte a read or all at once",
  async (_, frame) => {
    const act = answer(200, JSON_TYPE, frame(BODY));
    for (const fetch of [undefined, byByte]) {
      const { client } = await clientFor([act], "json", 1, fetch);
      for (const way of WAYS) expect(await ask(client, way)).toEqual({ text: ANSWER, error: undefined });
    }
  },
);
