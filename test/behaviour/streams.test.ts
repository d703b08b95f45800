import { expect, test } from "vitest";
import type { ChatStream } from "../../src/index.ts";
import { createWorld, failure, params } from "../support/busy-world.ts";

async function readText(stream: ChatStream): Promise<string> {
  let text = "";
  for await (const piece of stream.textStream()) text += piece;
  return text;
}

test("a stream gives the server's chunks in order, and their text is the whole answer", async () => {
  const { client, simulator, run } = createWorld();
  const stream = client.chat.completions.stream(params);
  const chunks: unknown[] = [];
  let text = "";
  const read = async () => {
    for await (const chunk of stream) {
      chunks.push(chunk);
      text += chunk.choices[0]?.delta.content ?? "";
    }
  };
  await run(read());
  expect(simulator.isWholeAnswer(text)).toBe(true);
  expect(chunks[0]).toMatchObject({ object: "chat.completion.chunk", choices: [{ delta: { role: "assistant" } }] });
  expect(chunks.at(-1)).toMatchObject({
    choices: [{ finish_reason: "stop" }],
    usage: { completion_tokens: chunks.length - 2 },
  });
  const { choices, usage } = await stream.finalChatCompletion();
  expect(choices[0]?.message.content).toBe(text);
  expect(usage?.completion_tokens).toBe(chunks.length - 2);
  expect(stream.report).toMatchObject({ outcome: "succeeded", attempts: [{ outcome: "succeeded" }] });
});

test("nothing is sent before a stream is read", async () => {
  const { client, clock, simulator, run } = createWorld();
  const stream = client.chat.completions.stream(params);
  await clock.advance(60_000);
  expect(simulator.requests).toEqual([]);
  expect(stream.report).toMatchObject({ outcome: "pending", attempts: [] });
  await run(readText(stream));
  expect(stream.report.endedMs).toBeLessThan(60_000);
});

test("create with stream: true resolves at the first token and rejects with what fails before it", async () => {
  const { client, simulator, run } = createWorld({ script: ["busy"] });
  const stream = await run(client.chat.completions.create({ ...params, stream: true }));
  expect(simulator.requests.length).toBe(2);
  expect(simulator.isWholeAnswer(await run(readText(stream)))).toBe(true);
  simulator.setFaults([{ kind: "outage" }]);
  const refused = client.chat.completions.create({ ...params, stream: true }, { retry: false });
  expect(await run(failure(refused))).toMatchObject({ code: "connection" });
});

test("parts tell text, reasoning, whole tool calls and the finish apart", async () => {
  const call = { id: "call_1", type: "function" as const, function: { name: "now", arguments: '{"zone":"UTC"}' } };
  const { client, run } = createWorld({ answer: () => ({ reasoning: "hmm hm", content: "so so", toolCalls: [call] }) });
  const stream = client.chat.completions.stream(params);
  const parts: unknown[] = [];
  const read = async () => {
    for await (const part of stream.parts()) parts.push(part);
  };
  await run(read());
  expect(parts).toEqual([
    { type: "reasoning-delta", text: "hmm" },
    { type: "reasoning-delta", text: " hm" },
    { type: "text-delta", text: "so" },
    { type: "text-delta", text: " so" },
    { type: "tool-calls", toolCalls: [call] },
    {
      type: "finish",
      finishReason: "tool_calls",
      usage: expect.objectContaining({ total_tokens: expect.any(Number) }),
    },
  ]);
});

test("finalChatCompletion alone reads the stream; beside a loop it waits for the loop", async () => {
  const { client, simulator, run } = createWorld();
  const alone = client.chat.completions.stream(params);
  const { choices } = await run(alone.finalChatCompletion());
  expect(simulator.isWholeAnswer(choices[0]?.message.content ?? "")).toBe(true);
  const stream = client.chat.completions.stream(params);
  const final = stream.finalChatCompletion();
  const text = await run(readText(stream));
  expect((await final).choices[0]?.message.content).toBe(text);
});

test("a stream can be read once", async () => {
  const { client, run } = createWorld();
  const stream = client.chat.completions.stream(params);
  await run(readText(stream));
  expect(() => stream.textStream()).toThrow("This stream is being read already; it can be read once.");
});

test("leaving a loop closes the connection, and the final completion rejects", async () => {
  const { client, clock, simulator, run } = createWorld();
  const stream = client.chat.completions.stream(params);
  const read = async () => {
    for await (const _ of stream) break;
  };
  await run(read());
  await clock.advance(1_000);
  expect(simulator.requests).toMatchObject([{ outcome: "left" }]);
  expect(await failure(stream.finalChatCompletion())).toMatchObject({ name: "AbortError" });
  expect(stream.report).toMatchObject({ outcome: "aborted", attempts: [{ outcome: "cancelled", wasted: true }] });
  expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
  expect(clock.pending).toBe(0);
});

test("with resume: false a cut stream fails with everything that had arrived, and says what it was", async () => {
  const { client, simulator, run } = createWorld({ script: [{ kind: "cut", afterTokens: 60 }] });
  const stream = client.chat.completions.stream(params, { resume: false });
  let text = "";
  const read = async () => {
    for await (const piece of stream.textStream()) text += piece;
  };
  const error = await run(failure(read()));
  expect(error).toMatchObject({
    code: "stream_interrupted",
    retryable: true,
    provider: "deepseek",
    partial: { content: text },
  });
  expect(text.length).toBeGreaterThan(0);
  expect(simulator.requests[0]?.answer?.content.startsWith(text)).toBe(true);
  expect(stream.partial.content).toBe(text);
  expect(await failure(stream.finalChatCompletion())).toBe(error);
});

test("a stream that ends cleanly without a finish reason is an error, not an end", async () => {
  const { client, run } = createWorld({
    script: [{ kind: "queue", forMs: 700_000 }],
    client: { timeouts: { startMs: 2_000_000 }, retry: false },
  });
  expect(await run(failure(readText(client.chat.completions.stream(params))))).toMatchObject({
    code: "stream_interrupted",
    message: "deepseek (deepseek-flash) ended the answer without a finish reason: it is incomplete.",
  });
});

test("steps asked for at once are answered in order", async () => {
  const { client, run } = createWorld({ answer: () => ({ content: "a b c", reasoning: "" }) });
  const texts = client.chat.completions.stream(params).textStream();
  const steps = await run(Promise.all([texts.next(), texts.next(), texts.next(), texts.next(), texts.next()]));
  expect(steps.map(({ value, done }) => [value, done])).toEqual([
    ["a", false],
    [" b", false],
    [" c", false],
    [undefined, true],
    [undefined, true],
  ]);
});

test("toResponse hands the answer on as server-sent events, ended by [DONE]", async () => {
  const { client, simulator, run } = createWorld();
  const response = client.chat.completions.stream(params).toResponse({ status: 201, headers: { "x-mine": "1" } });
  expect(response.status).toBe(201);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(response.headers.get("x-mine")).toBe("1");
  const events = (await run(response.text())).split("\n\n").filter(Boolean);
  expect(events.pop()).toBe("data: [DONE]");
  const chunks = events.map((event) => JSON.parse(event.replace(/^data: /, "")));
  const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("");
  expect(simulator.isWholeAnswer(text)).toBe(true);
});

test("a failure under toResponse is an event with an error, and no [DONE]", async () => {
  const { client, run } = createWorld({ script: [{ kind: "cut", afterTokens: 5 }] });
  const body = await run(client.chat.completions.stream(params, { resume: false }).toResponse().text());
  const last = body.trimEnd().split("\n\n").pop() ?? "";
  expect(JSON.parse(last.replace(/^data: /, ""))).toMatchObject({
    error: { type: "stream_interrupted", code: "stream_interrupted" },
  });
  expect(body).not.toContain("[DONE]");
});

test("toReadableStream gives one JSON chunk a line, and fails when the answer does", async () => {
  const { client, simulator, run } = createWorld();
  const body = await run(new Response(client.chat.completions.stream(params).toReadableStream()).text());
  const lines = body
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(simulator.isWholeAnswer(lines.map((chunk) => chunk.choices[0].delta.content ?? "").join(""))).toBe(true);
  simulator.script("cut");
  const cut = new Response(client.chat.completions.stream(params, { resume: false }).toReadableStream());
  expect(await run(failure(cut.text()))).toMatchObject({ code: "stream_interrupted" });
});

test("cancelling the body of a response closes the connection to the server", async () => {
  const { client, clock, simulator, run } = createWorld();
  const reader = client.chat.completions.stream(params).toReadableStream().getReader();
  await run(reader.read());
  await run(reader.cancel());
  await clock.advance(1_000);
  expect(simulator.requests).toMatchObject([{ outcome: "left" }]);
});

test("the end of all time ends a stream that nobody reads too, and its reader is told when it comes back", async () => {
  const { client, clock, events, run } = createWorld({ answerTokens: 400 });
  const stream = await run(
    client.chat.completions.create({ ...params, stream: true }, { timeouts: { totalMs: 5_000 } }),
  );
  await clock.advance(6_000);
  expect(events.at(-1)).toMatchObject({ type: "attempt-end", attempt: { error: { code: "timeout", phase: "total" } } });
  expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
  const read = async () => {
    for await (const _ of stream);
  };
  expect(await run(failure(read()))).toMatchObject({ code: "timeout", phase: "total" });
});
