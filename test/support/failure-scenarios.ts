import { type ClientOptions, custom, openaiCompatible, type ResilientClient } from "../../src/index.ts";
import { ANSWER, clientOf, echoingError, echoingEvent, echoingHeaders, KEY, privateParams } from "./hostile-echo.ts";

/** A way to fail, with a server that repeats `echo` wherever it can. */
export interface FailureScenario {
  readonly name: string;
  readonly code: string;
  readonly phase?: string;
  readonly options?: ClientOptions;
  answer(echo: string): Response | Promise<Response>;
  ask?(client: ResilientClient, echo: string): Promise<unknown>;
}

const SSE = "text/event-stream";
const never = new Promise<never>(() => {});

const status = (code: string, number: number, message = ""): FailureScenario => ({
  name: `HTTP ${number} ${message}`,
  code,
  answer: (echo) =>
    new Response(JSON.stringify(echoingError(echo, message)), { status: number, headers: echoingHeaders(echo) }),
});

const stream = (name: string, code: string, events: (echo: string) => readonly string[], end = true) => ({
  name,
  code,
  answer(echo: string) {
    const headers = echoingHeaders(echo);
    headers.set("content-type", SSE);
    return new Response(bodyOf(events(echo), end), { headers });
  },
});

function bodyOf(events: readonly string[], end: boolean): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const event of events) controller.enqueue(new TextEncoder().encode(event));
      if (end) controller.close();
    },
  });
}

const timeout = (phase: string, limit: object, answer: FailureScenario["answer"]): FailureScenario => ({
  name: `the time for ${phase}`,
  code: "timeout",
  phase,
  options: { timeouts: limit },
  answer,
});
const open = (echo: string) => echoingEvent(echo, { role: "assistant", content: ANSWER });
const finish = (echo: string, reason: string) => echoingEvent(echo, {}, reason);
const silent = (...events: ((echo: string) => string)[]) =>
  stream("", "", (echo) => events.map((event) => event(echo)), false).answer;
const call = (echo: string, args: unknown) =>
  echoingEvent(echo, { tool_calls: [{ index: 0, id: echo, function: { name: echo, arguments: args } }] });

const thrown = (name: string, make: (echo: string) => unknown): FailureScenario => ({
  name: `fetch throws ${name}`,
  code: "connection",
  async answer(echo) {
    throw make(echo);
  },
});
const holder = (echo: string) => ({ request: { headers: { authorization: echo } }, body: echo, [Symbol("x")]: echo });

const STATUSES: readonly FailureScenario[] = [
  ...[400, 404, 405, 409, 413, 418, 422, 431, 501, 505].map((number) => status("invalid_request", number)),
  ...[408, 500, 502, 503, 504, 520, 529, 599].map((number) => status("busy", number)),
  status("authentication", 401),
  status("insufficient_balance", 402),
  status("permission", 403),
  status("rate_limited", 429, "concurrency limit of 7"),
  status("context_length", 400, "maximum context length is 10 tokens. However, you requested 99 tokens"),
  status("content_filter", 400, "Content Exists Risk"),
  ...[301, 302, 303, 307, 308].map((number) => status("unexpected_response", number)),
];

const STREAMS: readonly FailureScenario[] = [
  stream("an error inside the stream", "busy", (echo) => [
    open(echo),
    `data: ${JSON.stringify(echoingError(echo))}\n\n`,
  ]),
  stream("an error instead of the stream", "busy", (echo) => [JSON.stringify(echoingError(echo))]),
  stream("a web page", "busy", (echo) => [`<html><title>${echo}</title></html>`]),
  stream("a body of another kind", "unexpected_response", (echo) => [JSON.stringify({ choices: echo, note: echo })]),
  stream("an event that is no JSON", "unexpected_response", (echo) => [`data: {${echo}\n\n${open(echo)}`]),
  stream("an event cut short", "stream_interrupted", (echo) => [open(echo), `data: {"choices":[${echo}`]),
  stream("no finish reason", "stream_interrupted", (echo) => [open(echo), "data: [DONE]\n\n"]),
  stream("no resources", "busy", (echo) => [open(echo), finish(echo, "insufficient_system_resource")]),
  stream("a content filter", "content_filter", (echo) => [open(echo), finish(echo, "content_filter")]),
  stream("an unknown finish reason", "unexpected_response", (echo) => [open(echo), finish(echo, echo)]),
  stream("no text", "empty_answer", (echo) => [finish(echo, "stop")]),
  stream("nothing", "stream_interrupted", () => []),
  stream("tool arguments that are no JSON", "malformed_output", (echo) => [call(echo, echo), finish(echo, "stop")]),
  stream("tool calls that are none", "unexpected_response", (echo) => [echoingEvent(echo, { tool_calls: echo })]),
  stream("choices that are none", "unexpected_response", (echo) => [
    open(echo),
    `data: ${JSON.stringify({ choices: echo })}\n\n`,
  ]),
];

const CONNECTIONS: readonly FailureScenario[] = [
  thrown("an error that holds the request", (echo) => Object.assign(new Error(`failed with ${echo}`), holder(echo))),
  thrown("a TLS error", (echo) =>
    Object.assign(new TypeError("fetch failed"), {
      cause: Object.assign(new Error(`self-signed ${echo}`), { code: "DEPTH_ZERO_SELF_SIGNED_CERT", ...holder(echo) }),
    }),
  ),
  thrown("a stack that is made up", (echo) =>
    Object.assign(new Error("x"), { stack: `Error: ${echo}\n    at ${echo} (${echo})`, name: echo }),
  ),
  thrown("a text", (echo) => echo),
  thrown("an object", (echo) => ({ message: echo, code: echo, errno: echo })),
  thrown("many errors", (echo) => new AggregateError([new Error(echo)], echo, { cause: new Error(echo) })),
  {
    name: "the body breaks off with the request in its error",
    code: "stream_interrupted",
    answer: (echo) =>
      new Response(
        new ReadableStream({
          pull(controller) {
            controller.error(Object.assign(new Error(echo), holder(echo)));
          },
        }),
      ),
  },
];

const TIMEOUTS: readonly FailureScenario[] = [
  timeout("headers", { headersMs: 10 }, () => never),
  timeout(
    "queue",
    { queueMs: 10 },
    silent(() => ": wait\n\n"),
  ),
  timeout("wire", { wireMs: 10 }, silent(open)),
  timeout("content", { contentMs: 10 }, silent(open)),
  timeout(
    "start",
    { startMs: 10 },
    silent(() => ": wait\n\n"),
  ),
  timeout("total", { totalMs: 10 }, silent(open)),
];

const create = (client: ResilientClient) => client.chat.completions.create(privateParams);
const host = (name: string) => openaiCompatible({ name, baseURL: `https://${name}.example/v1`, apiKey: KEY });

const LOCAL: readonly FailureScenario[] = [
  {
    name: "all providers failed",
    code: "all_providers_failed",
    options: { providers: [host("one"), host("two")] },
    answer: status("busy", 503).answer,
  },
  {
    name: "no provider is able",
    code: "unsupported",
    options: { providers: [custom({ name: "plain", send: () => "x", abilities: { tools: false } })] },
    answer: () => never,
    ask: (client) =>
      client.chat.completions.create({
        ...privateParams,
        tools: [{ type: "function", function: { name: "now", parameters: {} } }],
      }),
  },
  {
    name: "no key",
    code: "missing_api_key",
    options: { providers: [openaiCompatible({ name: "unset", baseURL: "https://x.example", apiKey: "" })] },
    answer: () => never,
  },
  {
    name: "a request that no host takes",
    code: "invalid_request",
    answer: () => never,
    ask: (client, echo) =>
      client.chat.completions.create({ ...privateParams, temperature: echo as unknown as number, stop: [echo] }),
  },
  {
    name: "an option out of range",
    code: "invalid_options",
    answer: () => never,
    ask: (client, echo) =>
      client.chat.completions.create(privateParams, { profile: echo as "batch", headers: { "x-team": "search" } }),
  },
  {
    name: "the client is closed",
    code: "client_closed",
    answer: silent(open),
    async ask(client) {
      const asked = create(client);
      asked.catch(() => {});
      await client.close();
      return asked;
    },
  },
];

export const SCENARIOS: readonly FailureScenario[] = [...STATUSES, ...STREAMS, ...CONNECTIONS, ...TIMEOUTS, ...LOCAL];

/** What comes of a scenario: the error, and everything else that the client tells. */
export async function provoke(scenario: FailureScenario, echo: string) {
  const events: unknown[] = [];
  const { client, clock } = clientOf(() => scenario.answer(echo), {
    onEvent: (event) => events.push(event),
    ...scenario.options,
  });
  const asked = scenario.ask?.(client, echo) ?? create(client);
  const error = await clock.run(
    asked.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  );
  return { error, client, events, health: client.health() };
}
