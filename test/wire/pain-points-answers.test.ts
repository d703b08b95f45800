import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { type ClientOptions, createResilientClient, deepseek } from "../../src/index.ts";
import { ask, WAYS } from "../support/ask-both-ways.ts";
import { ANSWER, event, SSE, startRawServer, usage, WHOLE } from "../support/raw-server.ts";

const DONE = "data: [DONE]\n\n";
/** Waits of no time: what is asked again is asked at once. */
const atOnce = { retry: { backoff: () => 0 } } as const;

type Act = (response: ServerResponse) => void;

const sse =
  (body: string): Act =>
  (response) => {
    response.writeHead(200, SSE);
    response.end(body);
  };
const json =
  (body: string): Act =>
  (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(body);
  };
const whole = sse(WHOLE);

/** A client whose server answers each request with the next act, and with the last one from then on. */
async function clientFor(acts: readonly Act[], options: ClientOptions = atOnce) {
  let requests = 0;
  const server = await startRawServer((_request, response) => {
    const act = acts[Math.min(requests, acts.length - 1)];
    requests += 1;
    act?.(response);
  });
  // It plays its acts whatever it is asked, so it cannot go on with an answer.
  const only = deepseek({ apiKey: "sk-wire", baseURL: server.url, abilities: { prefix: false } });
  const client = createResilientClient({ providers: [only], ...options });
  return { client, requests: () => requests };
}

const half = event({ role: "assistant", content: "" }) + event({ content: "naïve 服" }) + event({ content: "务" });
const TRUE_PREFIX = "naïve 服务";

const breaks: readonly (readonly [string, Act])[] = [
  ["ends cleanly in the middle", sse(half)],
  ["sends [DONE] in the middle", sse(half + DONE)],
  ["ends in the middle of an event", sse(half + event({ content: "器" }).slice(0, 90))],
  ["gets a line of text from a proxy appended", sse(`${half}upstream error: read ECONNRESET\n`)],
  ["gets a line of text and [DONE] appended", sse(`${half}upstream error: read ECONNRESET\n\n${DONE}`)],
  ["gets usage but no finish reason", sse(half + event({}, null, { usage }) + DONE)],
  [
    "is cut off",
    (response) => {
      response.writeHead(200, SSE);
      response.write(half, () => setTimeout(() => response.destroy(), 20));
    },
  ],
];

// https://github.com/anomalyco/opencode/issues/26170
// https://github.com/tetsuo-ai/agenc-core/issues/2492
test.each(breaks)(
  "pain point 6, a truncated answer is stored as complete: one that %s is never a success, and a plain call starts again",
  async (_, broken) => {
    const given = await clientFor([broken], { retry: false, resume: false });
    for (const way of WAYS) {
      const { text, error } = await ask(given.client, way);
      expect(error).toMatchObject({ code: "stream_interrupted", retryable: true, partial: { content: TRUE_PREFIX } });
      expect(error?.attempts).toMatchObject([{ outcome: "interrupted", wasted: true }]);
      expect(text).toBe(way === "plain" ? "" : TRUE_PREFIX);
    }
    const plain = await clientFor([broken, broken, whole]);
    expect(await ask(plain.client, "plain")).toEqual({ text: ANSWER, error: undefined });
    expect(plain.requests()).toBe(3);
    // What was shown cannot be taken back, and is never glued to another answer; the same answer goes on.
    const other = await clientFor([broken, sse(WHOLE.replace("服", "客"))]);
    const { text, error } = await ask(other.client, "streamed");
    expect([text, error?.code, other.requests()]).toEqual([TRUE_PREFIX, "stream_interrupted", 2]);
    const same = await clientFor([broken, whole]);
    expect(await ask(same.client, "streamed")).toEqual({ text: ANSWER, error: undefined });
  },
);

// https://github.com/crewAIInc/crewAI/issues/7013
test.each(breaks)(
  "pain point 6, a truncated answer is stored as complete: who reads chunks, the end or a Response of one that %s sees no end either",
  async (_, broken) => {
    const { client } = await clientFor([broken], { retry: false, resume: false });
    const ask = () =>
      client.chat.completions.stream({ model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] });
    await expect(ask().finalChatCompletion()).rejects.toMatchObject({ code: "stream_interrupted" });
    const finishes: unknown[] = [];
    const read = async () => {
      for await (const { choices } of ask()) if (choices[0]?.finish_reason) finishes.push(choices[0]);
    };
    await expect(read()).rejects.toMatchObject({ partial: { content: TRUE_PREFIX } });
    expect(finishes).toEqual([]);
    const body = await ask().toResponse().text();
    expect(body).toContain('"code":"stream_interrupted"');
    expect(body).not.toContain("[DONE]");
  },
);

// https://github.com/can1357/oh-my-pi/issues/8563
test("pain point 6, a truncated answer is stored as complete: half a JSON body is none, and is asked for again", async () => {
  const message = { role: "assistant", content: ANSWER };
  const body = JSON.stringify({ id: "raw", choices: [{ index: 0, message, finish_reason: "stop" }], usage });
  for (const way of WAYS) {
    const cut = json(body.slice(0, body.indexOf("ha ha")));
    const { client, requests } = await clientFor([cut, cut, json(body)], { ...atOnce, wire: "json" });
    expect(await ask(client, way)).toEqual({ text: ANSWER, error: undefined });
    expect(requests()).toBe(3);
    const alone = await clientFor([cut], { retry: false, resume: false, wire: "json" });
    expect((await ask(alone.client, way)).error).toMatchObject({ code: "stream_interrupted" });
  }
});

// https://github.com/ltmoerdani/opencode-copilot-chat/issues/177
test.each(WAYS)(
  "pain point 6, a truncated answer is stored as complete: %s, a finish reason without [DONE] is an answer; bytes without content are none",
  async (way) => {
    const finished = await clientFor([sse(WHOLE.replace(DONE, ""))], { retry: false, resume: false });
    expect(await ask(finished.client, way)).toEqual({ text: ANSWER, error: undefined });
    const opener = event({ role: "assistant", content: "" });
    const empty = await clientFor([sse(opener + DONE), sse(opener), whole]);
    expect(await ask(empty.client, way)).toEqual({ text: ANSWER, error: undefined });
    expect(empty.requests()).toBe(3);
  },
);

// https://github.com/crewAIInc/crewAI/issues/7013
test.each(["insufficient_system_resource", "aborted"])(
  "pain point 7, %s is ignored: it is busy, with what had arrived, and the answer starts again",
  async (reason) => {
    const given = sse(half + event({ content: "" }, reason, { usage }) + DONE);
    const alone = await clientFor([given], { retry: false, resume: false });
    for (const way of WAYS) {
      const { text, error } = await ask(alone.client, way);
      expect(error).toMatchObject({ code: "busy", retryable: true, partial: { content: TRUE_PREFIX } });
      expect(error?.message).toContain(reason);
      expect(text).toBe(way === "plain" ? "" : TRUE_PREFIX);
    }
    const plain = await clientFor([given, given, whole]);
    expect(await ask(plain.client, "plain")).toEqual({ text: ANSWER, error: undefined });
    expect(plain.requests()).toBe(3);
    // Before anything was shown, a stream starts again too.
    const unbegun = sse(event({ role: "assistant", content: "" }) + event({}, reason, { usage }) + DONE);
    const streamed = await clientFor([unbegun, unbegun, whole]);
    expect(await ask(streamed.client, "streamed")).toEqual({ text: ANSWER, error: undefined });
    expect(streamed.requests()).toBe(3);
  },
);

const opener = event({ role: "assistant", content: "" });
const finish = event({ content: "" }, "stop", { usage }) + DONE;
const message = (content: string | null, reasoning?: string) =>
  JSON.stringify({
    choices: [
      { index: 0, message: { role: "assistant", content, reasoning_content: reasoning }, finish_reason: "stop" },
    ],
    usage,
  });

const empties = [
  ["nothing", "stream", sse(opener + finish)],
  ["whitespace", "stream", sse(opener + event({ content: "\n  " }) + event({ content: "\t\n" }) + finish)],
  ["reasoning_only", "stream", sse(opener + event({ reasoning_content: "Let me think." }) + finish)],
  ["nothing", "json", json(message(""))],
  ["nothing", "json", json(message(null))],
  ["whitespace", "json", json(message("\n \n"))],
  ["reasoning_only", "json", json(message("", "Let me think."))],
  ["empty_body", "json", json("\n\n\n")],
] as const;

// https://github.com/MicroMilo/upstream-radar/issues/119
// https://github.com/earendil-works/pi/issues/9266
test.each(empties)(
  "pain point 8, an empty answer with stop: one of kind '%s' (%s) is asked for once more, and then an error, never an empty string",
  async (kind, wire, empty) => {
    const again = await clientFor([empty, whole], { ...atOnce, wire });
    expect(await ask(again.client, "plain")).toEqual({ text: ANSWER, error: undefined });
    expect(again.requests()).toBe(2);
    const always = await clientFor([empty], { ...atOnce, wire });
    const { text, error } = await ask(always.client, "plain");
    expect(text).toBe("");
    expect(error).toMatchObject({ name: "EmptyAnswerError", code: "empty_answer", kind, retryable: true });
    expect(error?.attempts).toMatchObject([{ error: { code: "empty_answer" } }, { error: { code: "empty_answer" } }]);
    expect(always.requests()).toBe(2);
  },
);

// https://github.com/diegosouzapw/OmniRoute/issues/11151
test.each(empties)(
  "pain point 8, an empty answer with stop: streamed, one of kind '%s' (%s) is an error with what had been shown",
  async (kind, wire, empty) => {
    const always = await clientFor([empty], { ...atOnce, wire });
    const { text, error } = await ask(always.client, "streamed");
    expect(text.trim()).toBe("");
    expect(error).toMatchObject({ code: "empty_answer", kind });
    expect(always.requests()).toBe(2);
  },
);
