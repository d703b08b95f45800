import { expect, test } from "vitest";
import { createSimulator, type Trouble } from "../../../src/testing/index.ts";
import { ask, KEY } from "./ask.ts";

async function answered(trouble: Trouble, overrides: object = {}) {
  const { status, headers, text } = await ask(createSimulator({ script: [trouble] }), overrides);
  return { status, type: headers.get("content-type"), text };
}
const json = (message: string, type: string, code = "invalid_request_error") =>
  JSON.stringify({ error: { message, type, param: null, code } });
const BUSY = json(
  "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.",
  "service_unavailable_error",
  "service_unavailable_error",
);

// Bodies as in the table of errors that were seen at DeepSeek.
test.each<[Trouble, number, string]>([
  [{ kind: "busy" }, 503, BUSY],
  [{ kind: "busy", status: 200 }, 200, BUSY],
  [
    { kind: "authentication" },
    401,
    json(`Authentication Fails, Your api key: ****${KEY.slice(-4)} is invalid`, "authentication_error"),
  ],
  [{ kind: "insufficient_balance" }, 402, json("Insufficient Balance", "unknown_error")],
  [{ kind: "permission" }, 403, json("You do not have permission to access this resource.", "permission_error")],
  [{ kind: "content_filter" }, 400, json("Content Exists Risk", "invalid_request_error")],
  [{ kind: "invalid_request" }, 400, json("Invalid request", "invalid_request_error")],
  [{ kind: "invalid_request", status: 422 }, 422, json("Invalid Parameters", "invalid_request_error")],
])("%o is refused in JSON, in both wires", async (trouble, status, text) => {
  for (const stream of [true, false]) {
    expect(await answered(trouble, { stream })).toEqual({ status, type: "application/json", text });
  }
});

test("the context of a request is too long with the recorded numbers, or with given ones", async () => {
  const message = (window: number, asked: number) =>
    `This model's maximum context length is ${window} tokens. However, you requested ${asked} tokens ` +
    `(${asked} in the messages, 0 in the completion). Please reduce the length of the messages or completion.`;
  expect((await answered({ kind: "context_length" })).text).toBe(
    json(message(1_048_565, 1_250_025), "invalid_request_error"),
  );
  expect(await answered({ kind: "context_length", maxTokens: 100, requestedTokens: 150 })).toMatchObject({
    status: 400,
    text: json(message(100, 150), "invalid_request_error"),
  });
  // Never fewer than the window holds.
  expect((await answered({ kind: "context_length", maxTokens: 2_000_000 })).text).toContain("requested 2000001 tokens");
});

test("a web page and a proxy's words come with their own content type, under any status", async () => {
  for (const status of [undefined, 200, 403, 502]) {
    const page = await answered({ kind: "web_page", status });
    expect(page).toMatchObject({ status: status ?? 503, type: "text/html" });
    expect(page.text).toMatch(/^<!DOCTYPE HTML[\s\S]*<\/HTML>\n$/);
    expect(await answered({ kind: "plain_text", status })).toEqual({
      status: status ?? 502,
      type: "text/plain",
      text: "upstream connect error or disconnect/reset before headers",
    });
  }
});
