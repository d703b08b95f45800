import { expect, test } from "vitest";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { askJson, type Question } from "../../../src/transport/ask-json.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { fetchThat, HANG, makeBody, makeResponse, networkError, type Piece } from "../../support/wire-response.ts";

const SECRET = "sk-look-0123456789abcdef";

function question(overrides: Partial<Question> & Pick<Question, "fetch">): Question {
  return {
    url: "http://127.0.0.1:1234/api/v0/models",
    headers: { authorization: `Bearer ${SECRET}` },
    signal: new AbortController().signal,
    clock: createVirtualClock(),
    maxBytes: 1_000,
    provider: "lmStudio",
    model: "GET /api/v0/models",
    secrets: [SECRET],
    ...overrides,
  };
}

const asked = (pieces: Iterable<Piece>, status = 200) =>
  askJson(question({ fetch: fetchThat(() => makeResponse(pieces, status)).fetch }));

test("what is asked is a GET without a body, and JSON comes as it is", async () => {
  const { fetch, requests } = fetchThat(() => makeResponse(['{"data":', "[1]}"]));
  expect(await askJson(question({ fetch }))).toEqual({ data: [1] });
  expect(await asked(["null "])).toBeNull();
  expect(requests).toMatchObject([{ url: "http://127.0.0.1:1234/api/v0/models", init: { method: "GET", body: null } }]);
  expect(Object.fromEntries(requests[0]?.headers ?? [])).toEqual({
    accept: "application/json",
    authorization: `Bearer ${SECRET}`,
  });
});

test("what the server does not have, or says in another way, is undefined", async () => {
  for (const status of [400, 404, 405, 501]) expect(await asked(["404 page not found"], status)).toBeUndefined();
  for (const text of ["", "<html>", "{"]) expect(await asked([text]), text).toBeUndefined();
});

test("a prototype in a list is left out", async () => {
  expect(await asked(['{"data":[{"__proto__":{"id":"x"},"id":"a"}]}'])).toEqual({ data: [{ id: "a" }] });
});

test.each([
  [401, "authentication"],
  [403, "permission"],
  [429, "rate_limited"],
  [503, "busy"],
])("status %d is a failed request, without the key in its words", async (status, code) => {
  const error = await rejectionOf(asked([JSON.stringify({ error: { message: `no ${SECRET}` } })], status));
  expect(error).toMatchObject({ code, status, provider: "lmStudio" });
  expect(String(error)).not.toContain(SECRET);
});

test("of a body that does not end, no more is read than allowed, and the connection is closed", async () => {
  const flood = makeBody(Array.from({ length: 1_000 }, () => "x".repeat(100)));
  const { fetch } = fetchThat(() => new Response(flood.stream));
  expect(await rejectionOf(askJson(question({ fetch })))).toMatchObject({
    code: "unexpected_response",
    message: "lmStudio (GET /api/v0/models) sent more than 1000 bytes where a short list was due.",
  });
  expect(flood).toMatchObject({ isCancelled: true, reads: 10 });
});

test("no connection is a typed error, and an abort comes back as it was, also in the middle of the body", async () => {
  const refused = fetchThat(() => Promise.reject(networkError("fetch failed", "connect ECONNREFUSED", "ECONNREFUSED")));
  expect(await rejectionOf(askJson(question({ fetch: refused.fetch })))).toMatchObject({ code: "connection" });
  const controller = new AbortController();
  /** It is aborted while the second piece is waited for. */
  function* pieces(): Generator<Piece> {
    yield '{"data":';
    queueMicrotask(() => controller.abort("enough"));
    yield HANG;
  }
  const { fetch } = fetchThat(() => makeResponse(pieces()));
  expect(await rejectionOf(askJson(question({ fetch, signal: controller.signal })))).toBe("enough");
});
