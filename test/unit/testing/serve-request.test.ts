import { expect, test } from "vitest";
import type { Step } from "../../../src/testing/exchange.ts";
import type { Trouble } from "../../../src/testing/faults.ts";
import { openrouterDialect } from "../../../src/testing/openrouter-dialect.ts";
import { seededRandom } from "../../../src/testing/seeded-random.ts";
import { type ServerFacts, serveRequest } from "../../../src/testing/serve-request.ts";
import { bodyOf, KEY } from "./ask.ts";

const NOW = Date.UTC(2026, 0, 1);
const STREAM = { stream: true };

interface Given {
  readonly method?: string;
  readonly path?: string;
  readonly authorization?: string;
  readonly body?: string;
  readonly trouble?: Trouble | undefined;
  readonly facts?: Partial<ServerFacts>;
  readonly seed?: number;
}

function serve(overrides: object = {}, given: Given = {}) {
  const { method = "POST", path = "/chat/completions", authorization = `Bearer ${KEY}`, seed = 1 } = given;
  const facts: ServerFacts = {
    apiKey: undefined,
    models: ["deepseek-flash", "deepseek-v4-pro"],
    window: 1_048_576,
    timing: {},
    mind: { answers: [], random: seededRandom(seed), ids: seededRandom(9), answerTokens: 30, answer: undefined },
    chance: seededRandom(seed + 1),
    ...given.facts,
  };
  const body = given.body ?? JSON.stringify(bodyOf(overrides));
  const headers = new Headers(authorization ? { authorization } : {});
  return serveRequest({ method, path, headers, body }, facts, given.trouble, NOW);
}

const textOf = (steps: readonly Step[]) =>
  steps.map((step) => (step.type === "write" ? new TextDecoder().decode(step.bytes) : "")).join("");
const sizeOf = (steps: readonly Step[]) =>
  steps.reduce((sum, step) => sum + (step.type === "write" ? step.bytes.length : 0), 0);
const tokensOf = (steps: readonly Step[]) =>
  steps.reduce((sum, step) => sum + (step.type === "write" ? step.tokens : 0), 0);
const answered = ({ exchange }: ReturnType<typeof serve>) => `${exchange.status} ${textOf(exchange.body)}`;

test("chat completions are served at all three base addresses, by POST only", () => {
  for (const path of ["/chat/completions", "/v1/chat/completions", "/beta/chat/completions"]) {
    expect(serve({}, { path })).toMatchObject({ exchange: { status: 200 }, body: bodyOf(), plan: { thinks: true } });
  }
  expect(answered(serve({}, { method: "GET" }))).toBe("404 404 page not found");
  // Other hosts keep the API under a path of their own.
  expect(serve({}, { path: "/api/v1/chat/completions" })).toMatchObject({ exchange: { status: 200 } });
  expect(answered(serve({}, { path: "/v1/embeddings" }))).toBe("404 404 page not found");
  expect(answered(serve({}, { path: "/v1" }))).toBe("404 404 page not found");
});

test("the list of models is the recorded one", () => {
  const { exchange, plan, body } = serve({}, { method: "GET", path: "/v1/models", body: "" });
  expect({ status: exchange.status, plan, body }).toEqual({ status: 200, plan: undefined, body: {} });
  expect(exchange.headers["content-type"]).toBe("application/json");
  expect(textOf(exchange.body)).toBe(
    '{"object":"list","data":[{"id":"deepseek-flash","object":"model","owned_by":"deepseek"},{"id":"deepseek-v4-pro","object":"model","owned_by":"deepseek"}]}',
  );
});

// Fact sheet, section 1.
test("DeepSeek tells the balance, its amounts as texts; no other host does", () => {
  for (const path of ["/user/balance", "/v1/user/balance"]) {
    const { exchange, plan, body } = serve({}, { method: "GET", path, body: "" });
    expect({ status: exchange.status, plan, body }).toEqual({ status: 200, plan: undefined, body: {} });
    expect(exchange.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(textOf(exchange.body))).toEqual({
      is_available: true,
      balance_infos: [{ currency: "USD", total_balance: "2.30", granted_balance: "0.00", topped_up_balance: "2.30" }],
    });
  }
  expect(answered(serve({}, { path: "/user/balance" }))).toBe("404 404 page not found");
  expect(answered(serve({}, { method: "GET", path: "/user/balance", authorization: "" }))).toMatch(/^401 /);
  const facts = { dialect: openrouterDialect };
  expect(serve({}, { method: "GET", path: "/user/balance", facts }).exchange.status).toBe(404);
});

test("every response carries the trace id it is recorded under, also the list of models", () => {
  const all = [
    serve(),
    serve(STREAM),
    serve({ model: "x" }),
    serve({}, { trouble: { kind: "busy" } }),
    serve({}, { method: "GET", path: "/models" }),
  ];
  for (const { exchange, traceId } of all) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(exchange.headers["x-ds-trace-id"]).toBe(traceId);
  }
});

test("any key is accepted, none is not, and a set key is the only one", () => {
  expect(answered(serve({}, { authorization: "" }))).toMatch(/^401 .*Authentication Fails, /);
  expect(answered(serve({}, { authorization: "Basic abc" }))).toMatch(/^401 /);
  const facts = { apiKey: "sk-right" };
  expect(serve({}, { facts, authorization: "Bearer sk-right" }).exchange.status).toBe(200);
  expect(answered(serve({}, { facts }))).toMatch(/^401 .*Your api key: \*\*\*\*6789 is invalid/);
  expect(serve({}, { facts }).plan).toBeUndefined();
});

test("a body that is no JSON object is refused by the deserializer", () => {
  for (const body of ["", "{", "null", "7", '"text"']) {
    const { exchange } = serve({}, { body });
    expect(exchange.status).toBe(400);
    expect(exchange.headers["content-type"]).toBe("application/octet-stream");
    expect(textOf(exchange.body)).toContain("Failed to deserialize the JSON body into the target type: ");
  }
});

test("rules are enforced with the server's own window and models, and beta only at the beta address", () => {
  expect(answered(serve({}, { facts: { window: 5 } }))).toMatch(/^400 .*maximum context length is 5 tokens/);
  expect(answered(serve({}, { facts: { models: ["other"] } }))).toMatch(/^400 .*model names are other, but/);
  const messages = [{ role: "assistant", content: "So", prefix: true }];
  expect(answered(serve({ messages }, { path: "/v1/chat/completions" }))).toMatch(/^400 .*prefix is only available/);
  expect(serve({ messages }, { path: "/beta/chat/completions" }).exchange.status).toBe(200);
});

test("a busy server answers 503, or the status it is given, before it looks at anything", () => {
  expect(answered(serve({}, { trouble: { kind: "busy" } }))).toMatch(/^503 .*Service is too busy/);
  expect(answered(serve({}, { trouble: { kind: "busy", status: 502 }, authorization: "", body: "" }))).toMatch(/^502 /);
  const { exchange } = serve({}, { trouble: { kind: "busy", retryAfterMs: 7_000 } });
  expect(exchange.headers["retry-after"]).toBe("7");
});

test("a rate limit names 25 at once, or the limit it is given, with its hint", () => {
  expect(answered(serve({}, { trouble: { kind: "rate_limited" } }))).toMatch(/^429 .*limit of 25 based/);
  const trouble: Trouble = { kind: "rate_limited", concurrencyLimit: 5, retryAfterMs: 1_200, form: "ms" };
  const served = serve({}, { trouble });
  expect(answered(served)).toMatch(/^429 .*concurrency is 6, which exceeds your concurrency limit of 5 based/);
  expect(served.exchange.headers["retry-after-ms"]).toBe("1200");
});

test("a short queue goes before the answer, a queue past 600 s ends without one", () => {
  const calm = serve(STREAM);
  const keepAlive = { type: "keep-alive", everyMs: 12_000, bytes: new TextEncoder().encode(": keep-alive\n\n") };
  const queued = (forMs: number) => serve(STREAM, { trouble: { kind: "queue", forMs } }).exchange;
  expect(queued(30_000).body).toEqual([{ ...keepAlive, forMs: 30_000 }, ...calm.exchange.body]);
  expect(queued(600_000).body).toEqual([{ ...keepAlive, forMs: 600_000 }, ...calm.exchange.body]);
  const givenUp = [{ ...keepAlive, forMs: 600_000 }, { type: "close" }];
  expect(queued(600_001).body).toEqual(givenUp);
  expect(queued(Number.POSITIVE_INFINITY)).toMatchObject({ status: 200, body: givenUp });
});

test("a plain request is kept alive by blank lines, as often as told", () => {
  const trouble: Trouble = { kind: "queue", forMs: 30_000 };
  expect(serve({}, { trouble, facts: { timing: { keepAliveMs: 500 } } }).exchange.body[0]).toEqual({
    type: "keep-alive",
    bytes: Uint8Array.of(10),
    everyMs: 500,
    forMs: 30_000,
  });
});

test("a JSON body that breaks off has brought only its share of the tokens", () => {
  const calm = tokensOf(serve({}, {}).exchange.body);
  const cut = (afterBytes: number) => tokensOf(serve({}, { trouble: { kind: "cut", afterBytes } }).exchange.body);
  expect(cut(1)).toBe(0);
  expect(cut(200)).toBeGreaterThan(0);
  expect(cut(200)).toBeLessThan(calm);
});

test("a cut without a place is always after the first token and before the last byte, and not always the same", () => {
  for (const overrides of [STREAM, {}]) {
    const sizes = new Set<number>();
    for (let seed = 1; seed <= 300; seed += 1) {
      const calm = serve(overrides, { seed }).exchange.body;
      const { body } = serve(overrides, { seed, trouble: { kind: "cut" } }).exchange;
      expect(body.at(-1)).toEqual({ type: "cut" });
      // Of one JSON body the first bytes hold none of the answer yet.
      if (overrides === STREAM) expect(tokensOf(body)).toBeGreaterThan(0);
      expect(tokensOf(body)).toBeLessThanOrEqual(tokensOf(calm));
      expect(sizeOf(body)).toBeLessThan(sizeOf(calm));
      expect(textOf(calm).startsWith(textOf(body).replace(/\ufffd+$/, ""))).toBe(true);
      sizes.add(sizeOf(body));
    }
    expect(sizes.size).toBeGreaterThan(200);
  }
});

test("a cut of an answer without tokens breaks somewhere before its end", () => {
  const mind = {
    answers: [],
    random: seededRandom(3),
    ids: seededRandom(4),
    answerTokens: 1,
    answer: () => ({ content: "", reasoning: "" }),
  };
  const calm = serve(STREAM, { facts: { mind } }).exchange.body;
  for (let index = 0; index < 100; index += 1) {
    const { body } = serve(STREAM, { facts: { mind }, trouble: { kind: "cut" } }).exchange;
    expect(sizeOf(body)).toBeLessThan(sizeOf(calm));
  }
});

test("a cut breaks a stream where it was told to", () => {
  const at = (trouble: Trouble) => serve(STREAM, { trouble }).exchange.body;
  expect(tokensOf(at({ kind: "cut", afterTokens: 3 }))).toBe(3);
  expect(sizeOf(at({ kind: "cut", afterBytes: 100 }))).toBe(100);
  expect(at({ kind: "cut", afterTokens: 0 })).toEqual([{ type: "cut" }]);
});

test("a cut after tokens breaks a plain answer inside it, too, not behind its last byte", () => {
  const calm = serve().exchange.body;
  for (const kind of ["cut", "stall"] as const) {
    expect(sizeOf(serve({}, { trouble: { kind, afterTokens: 3 } }).exchange.body)).toBeLessThan(sizeOf(calm));
  }
});

test("a stall hangs, or goes on with keep-alives for ever", () => {
  const hung = serve(STREAM, { trouble: { kind: "stall", afterTokens: 2 } }).exchange.body;
  expect(hung.at(-1)).toEqual({ type: "hang" });
  expect(tokensOf(hung)).toBe(2);
  const alive = serve(STREAM, { trouble: { kind: "stall", afterTokens: 2, keepAlives: true } }).exchange.body;
  expect(alive.at(-1)).toMatchObject({ type: "keep-alive", everyMs: 12_000, forMs: Number.POSITIVE_INFINITY });
});

test("a black hole gives no head, an outage no connection", () => {
  expect(serve({}, { trouble: { kind: "black_hole" } }).exchange.before).toEqual([{ type: "hang" }]);
  expect(serve({}, { trouble: { kind: "outage" } }).exchange.before).toEqual([{ type: "cut" }]);
});

test("an outage or a black hole spares no request: not a wrong key, not a bad one, not the list of models", () => {
  const requests: [object, Given][] = [
    [{}, { authorization: "" }],
    [{ model: "x" }, {}],
    [{}, { path: "/nowhere" }],
    [{}, { method: "GET", path: "/models" }],
  ];
  for (const [overrides, given] of requests) {
    for (const [kind, before] of [
      ["outage", "cut"],
      ["black_hole", "hang"],
    ] as const) {
      const { exchange } = serve(overrides, { ...given, trouble: { kind } });
      expect(exchange.before, JSON.stringify([overrides, given])).toEqual([{ type: before }]);
    }
  }
});
