import { expect, test } from "vitest";
import { createSimulator, type SimulatorOptions } from "../../../src/testing/index.ts";

const CALL = { id: "call_a", type: "function", function: { name: "now", arguments: '{"zone":"utc"}' } } as const;
const ANSWER = { reasoning: "a b", content: "c d", toolCalls: [CALL] };
const hi = { role: "user", content: "hi" };

async function ask(options: SimulatorOptions = {}, fields: object = {}, path = "/api/chat") {
  const simulator = createSimulator({ dialect: "ollama", answer: () => ANSWER, ...options });
  const body = JSON.stringify({ model: "qwen3", messages: [hi], truncate: false, ...fields });
  const response = await simulator.fetch(`https://api.deepseek.com${path}`, { method: "POST", body });
  const text = await response.text();
  const lines = text.split("\n").filter((line) => line !== "");
  return { simulator, response, text, lines };
}

test("a stream is one object a line, and is what comes unless it is refused", async () => {
  const { simulator, response, text, lines } = await ask();
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  expect(text.endsWith("\n")).toBe(true);
  const objects = lines.map((line) => JSON.parse(line));
  expect(objects.map(({ message }) => message.thinking ?? "").join("")).toBe("a b");
  expect(objects.map(({ message }) => message.content).join("")).toBe("c d");
  expect(objects.flatMap(({ message }) => message.tool_calls ?? [])).toEqual([
    { id: "call_a", function: { index: 0, name: "now", arguments: { zone: "utc" } } },
  ]);
  expect(objects.map(({ done }) => done)).toEqual([...objects.slice(1).map(() => false), true]);
  expect(objects.at(-1)).toMatchObject({ done_reason: "stop", prompt_eval_count: 8 });
  expect(objects.at(-1).eval_count).toBe(simulator.requests[0]?.tokens);
  expect(simulator.requests[0]?.body).toMatchObject({ truncate: false });
});

test("one body holds the same", async () => {
  const { response, text } = await ask({}, { stream: false, think: false });
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(JSON.parse(text)).toMatchObject({
    model: "qwen3",
    message: { role: "assistant", content: "c d", tool_calls: [{ function: { arguments: { zone: "utc" } } }] },
    done: true,
    done_reason: "stop",
  });
  expect(JSON.parse(text).message).not.toHaveProperty("thinking");
});

test("limits and stops are options, and a window too", async () => {
  const cut = await ask({}, { options: { num_predict: 2 } });
  expect(JSON.parse(cut.lines.at(-1) ?? "")).toMatchObject({ done_reason: "length", eval_count: 2 });
  const stopped = await ask({ answer: () => "one two three" }, { options: { stop: [" two"] }, stream: false });
  expect(JSON.parse(stopped.text)).toMatchObject({ message: { content: "one" }, done_reason: "stop" });
  const small = await ask({}, { options: { num_ctx: 4 } });
  expect(small.response.status).toBe(400);
  expect(JSON.parse(small.text)).toEqual({ error: "the input length exceeds the context length" });
  expect((await ask({ window: 4 })).response.status).toBe(400);
  expect((await ask({ window: 4 }, { options: { num_ctx: 100 } })).response.status).toBe(200);
});

test("a prompt that is too long is cut without a word, unless that is forbidden", async () => {
  for (const fields of [{ truncate: true }, { truncate: undefined }])
    expect((await ask({ window: 4 }, fields)).response.status).toBe(200);
});

test("a last message of the assistant is gone on with, thinking and earlier calls are read", async () => {
  const { simulator } = await ask({ answer: () => ({ reasoning: "", content: "one two three" }) });
  const earlier = {
    role: "assistant",
    content: "",
    thinking: "hm",
    tool_calls: [{ function: { name: "f", arguments: {} } }],
  };
  const body = { model: "qwen3", stream: false, messages: [earlier, hi, { role: "assistant", content: "one two" }] };
  const init = { method: "POST", body: JSON.stringify(body) };
  const response = await simulator.fetch("https://api.deepseek.com/api/chat", init);
  expect(await response.json()).toMatchObject({ message: { content: " three" } });
});

test("an answer function reads the request as chat completions have it", async () => {
  const seen: unknown[] = [];
  const call = { function: { name: "f", arguments: { a: 1 } } };
  const earlier = { role: "assistant", content: "", thinking: "hm", tool_calls: [call] };
  await ask({ answer: (request) => String(seen.push(request)) }, { messages: [earlier, hi], format: "json" });
  expect(seen).toMatchObject([
    {
      response_format: { type: "json_object" },
      messages: [{ reasoning: "hm", tool_calls: [{ type: "function", function: { arguments: '{"a":1}' } }] }, hi],
    },
  ]);
});

test("errors are a text, of their status or in a line of the stream", async () => {
  const busy = await ask({ script: ["busy"] });
  expect(busy.response.status).toBe(503);
  expect(JSON.parse(busy.text)).toEqual({ error: expect.stringContaining("busy") });
  for (const level of ["event", "choice", "named"] as const) {
    const inside = await ask({ script: [{ kind: "in_stream_error", level, afterTokens: 1 }] });
    expect(inside.lines.map((line) => Object.keys(JSON.parse(line)).includes("error"))).toEqual([false, true]);
  }
  const whole = await ask({ script: [{ kind: "in_stream_error", level: "choice" }] }, { stream: false });
  expect(Object.keys(JSON.parse(whole.text))).toEqual(["error"]);
  expect((await ask({}, { messages: "none" })).response.status).toBe(400);
  expect((await ask({}, {}, "/api/generate")).response.status).toBe(404);
  expect((await ask({ dialect: "lmStudio" })).response.status).toBe(404);
});

test("lines may end in CR and LF, and what is broken in a stream is broken in its lines", async () => {
  const { text } = await ask({ framing: { lineEnd: "\r\n", comments: true, dataLines: true, junk: "text" } });
  const lines = text.split("\r\n");
  expect(lines.pop()).toBe("");
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty("done");
  const broken = await ask({ script: [{ kind: "malformed", what: "event" }] });
  expect(broken.lines.filter((line) => !line.endsWith("}"))).toHaveLength(1);
});
