import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { encodeRequest } from "../../../src/providers/wire-format.ts";

const request: ChatRequest = { model: "asked", messages: [{ role: "user", content: "hi" }], temperature: 1 };

test("a stream is asked for with the host's own name of the model", () => {
  expect(JSON.parse(encodeRequest(request, "own", "stream", false))).toEqual({
    ...request,
    model: "own",
    stream: true,
  });
});

test("one JSON body is asked for without anything about streams", () => {
  const asked = { ...request, stream_options: { include_usage: true } };
  for (const asksForUsage of [true, false]) {
    const sent = JSON.parse(encodeRequest(asked, "own", "json", asksForUsage));
    expect(sent).toEqual({ ...request, model: "own", stream: false });
  }
});

test("a host that counts only when asked is asked, and the caller's own wish wins", () => {
  const ask = (more: object) => JSON.parse(encodeRequest({ ...request, ...more }, "own", "stream", true));
  expect(ask({}).stream_options).toEqual({ include_usage: true });
  expect(ask({ stream_options: { include_usage: false } }).stream_options).toEqual({ include_usage: false });
});

test.each([undefined, null])("a caller without a wish (stream_options: %o) does not lose the count", (wish) => {
  const asked = { ...request, stream_options: wish };
  expect(JSON.parse(encodeRequest(asked, "own", "stream", true)).stream_options).toEqual({ include_usage: true });
});

test("fields this package does not know are sent as they are", () => {
  const asked = { ...request, prompt_cache_key: "k", extra: { deep: [1] } };
  expect(JSON.parse(encodeRequest(asked, "own", "stream", false))).toMatchObject({
    prompt_cache_key: "k",
    extra: { deep: [1] },
  });
});
