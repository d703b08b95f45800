import { expect, test } from "vitest";
import { type ChatMessage, conversation, InvalidRequestError } from "../../src/index.ts";
import { createConversationWorld as createWorld } from "../support/conversation-world.ts";

const SYSTEM = { role: "system", content: "You are brief." };
const system = SYSTEM.content;

test("a turn enters the history as it was said and answered, and the next request begins with it", async () => {
  const { chat, run, sent } = createWorld({}, { system, thinking: { type: "enabled" } });
  const { choices } = await run(chat.send("first"));
  const message = choices[0]?.message;
  expect(message?.reasoning_content).toMatch(/\w/);
  const after = [SYSTEM, { role: "user", content: "first" }, message];
  expect(chat.messages).toEqual(after);
  await run(chat.send([{ type: "text", text: "second" }]));
  expect(sent()[1]).toEqual([...after, { role: "user", content: [{ type: "text", text: "second" }] }]);
  expect(chat.messages).toHaveLength(5);
});

const failures = ["busy", "cut", "end", "empty", "rate_limited", "invalid_request", "outage"] as const;

test.each(failures)("a turn that fails (%s) leaves the history as it was, byte for byte", async (kind) => {
  const { chat, run, failure } = createWorld({ script: ["ok", kind, kind, "ok"] }, { system });
  await run(chat.send("first"));
  const [list, before, tokens] = [chat.messages, JSON.stringify(chat), chat.tokens];
  const error = await failure(chat.send("second"));
  expect(chat.failed).toEqual({ input: [{ role: "user", content: "second" }], error });
  const told = await failure(chat.stream("third").finalChatCompletion());
  expect(chat.failed).toEqual({ input: [{ role: "user", content: "third" }], error: told });
  expect(JSON.stringify(chat)).toBe(before);
  expect(chat.messages).toBe(list);
  expect(chat.tokens).toBe(tokens);
  await run(chat.send("fourth"));
  expect(chat.messages.map(({ content }) => content)).toContain("fourth");
  expect(chat.messages).toHaveLength(5);
  expect(chat.failed).toBeUndefined();
});

test("a turn that is aborted comes back with the reason itself, and leaves nothing", async () => {
  const { chat, clock, run, failure } = createWorld({ answerTokens: 400 }, { system });
  const before = JSON.stringify(chat);
  const controller = new AbortController();
  const reason = { mine: true };
  clock.after(500, () => controller.abort(reason));
  expect(await failure(chat.send("first", { signal: controller.signal }))).toBe(reason);
  expect(chat.failed?.error).toBe(reason);
  expect(JSON.stringify(chat)).toBe(before);

  const stream = chat.stream("second");
  clock.after(500, () => stream.abort("enough"));
  const read = async () => {
    for await (const _ of stream.textStream());
  };
  expect(await failure(read())).toBe("enough");
  expect(chat.failed?.error).toBe("enough");
  expect(JSON.stringify(chat)).toBe(before);
  await run(chat.send("third"));
  expect(chat.messages).toHaveLength(3);
});

test("a stream enters its turn when it was read to its end, and not when it was left", async () => {
  const { chat, run } = createWorld({ answerTokens: 60 }, { system });
  const before = JSON.stringify(chat);
  const leave = async () => {
    for await (const text of chat.stream("first").textStream()) if (text) break;
  };
  await run(leave());
  expect(chat.failed).toMatchObject({ input: [{ content: "first" }], error: { name: "AbortError" } });
  expect(JSON.stringify(chat)).toBe(before);
  const read = async () => {
    let said = "";
    for await (const text of chat.stream("second").textStream()) {
      said += text;
      expect(JSON.stringify(chat)).toBe(before);
    }
    // At once: whoever says the next thing right behind the loop says it to a conversation that knows the answer.
    expect(chat.messages.at(-1)).toEqual({ role: "assistant", content: said });
  };
  await run(read());
  expect(chat.messages).toHaveLength(3);
});

test("parts, a response and the final completion of a stream enter a turn, too", async () => {
  const { chat, run } = createWorld({}, { system });
  const parts = async () => {
    for await (const _ of chat.stream("first").parts());
  };
  await run(parts());
  await run(chat.stream("second").toResponse().text());
  await run(chat.stream("third").finalChatCompletion());
  expect(chat.messages.filter(({ role }) => role === "user").map(({ content }) => content)).toEqual([
    "first",
    "second",
    "third",
  ]);
});

test("tool calls and thinking enter as given, and results are said as messages", async () => {
  const call = (id: string) => ({ id, type: "function", function: { name: "look", arguments: '{"at":1}' } }) as const;
  const answers = [{ content: "", reasoning: "hm", toolCalls: [call("a"), call("b")] }, { content: "Found." }];
  const tools = [{ type: "function", function: { name: "look" } }] as const;
  const { chat, run, failure, sent } = createWorld(
    { answer: () => answers.shift() ?? "?" },
    { tools, thinking: { type: "enabled" } },
  );
  await run(chat.send("look!"));
  expect(chat.messages[1]).toMatchObject({ reasoning_content: "hm", tool_calls: [{ id: "a" }, { id: "b" }] });
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "17" }) as const;
  expect(await failure(chat.send("and?"))).toMatchObject({ code: "invalid_request" });
  expect(await failure(chat.send([result("a")]))).toMatchObject({ code: "invalid_request" });
  expect(await failure(chat.send([result("a"), result("c")]))).toMatchObject({ code: "invalid_request" });
  expect(sent()).toHaveLength(1);
  await run(chat.send([result("b"), result("a"), { role: "user", content: "now" }]));
  expect(chat.messages).toHaveLength(6);
  expect(sent()[1]?.slice(0, 2)).toEqual(chat.messages.slice(0, 2));
});

test("an answer without thinking is entered so that DeepSeek takes it back, where tools and thinking need it", async () => {
  const tools = [{ type: "function", function: { name: "look" } }] as const;
  const answer = () => ({ content: "No.", reasoning: "" });
  const { chat, run } = createWorld({ answer }, { tools, thinking: { type: "enabled" } });
  await run(chat.send("one"));
  expect(chat.messages[1]).toEqual({ role: "assistant", content: "No.", reasoning_content: "" });
  await run(chat.send("two"));
  expect(chat.messages).toHaveLength(4);
});

test("an answer that goes on from a given beginning is one message with it", async () => {
  const { chat, run, sent } = createWorld();
  const begun = { role: "assistant", content: "Once", prefix: true } as const;
  const { choices } = await run(chat.send([{ role: "user", content: "Tell" }, begun]));
  expect(sent()[0]?.at(-1)).toEqual(begun);
  expect(chat.messages[1]).toEqual({ role: "assistant", content: `Once${choices[0]?.message.content}` });
  await run(chat.send("and then?"));
  expect(chat.messages).toHaveLength(4);
});

test("retry() says the same again, once", async () => {
  const { chat, run, failure, sent } = createWorld({ script: ["busy", "cut", "ok"] }, { system });
  expect(await failure(chat.retry())).toBeInstanceOf(InvalidRequestError);
  await failure(chat.send("first"));
  await failure(chat.retry());
  const again = chat.retry();
  expect(await failure(chat.retry())).toMatchObject({ code: "invalid_request" });
  await run(again);
  expect(chat.failed).toBeUndefined();
  expect(chat.messages.map(({ role }) => role)).toEqual(["system", "user", "assistant"]);
  expect(new Set(sent().map((messages) => JSON.stringify(messages))).size).toBe(1);
});

test("a retry that could not begin leaves the failed turn where it was", async () => {
  const { chat, failure } = createWorld({ script: ["busy"] });
  await failure(chat.send("first"));
  const { failed } = chat;
  expect(await failure(chat.retry({ timeouts: { startMs: -1 } }))).toMatchObject({ code: "invalid_options" });
  expect(chat.failed).toEqual(failed);
});

test("keepInterrupted() enters what had arrived, and refuses where nothing had", async () => {
  const { chat, clock, run, failure } = createWorld({
    script: ["busy", { kind: "cut", afterTokens: 20 }],
    answerTokens: 400,
  });
  expect(() => chat.keepInterrupted()).toThrow(InvalidRequestError);
  await failure(chat.send("first"));
  expect(() => chat.keepInterrupted()).toThrow(/No text/);
  const error = (await failure(chat.send("second"))) as { partial: { content: string } };
  chat.keepInterrupted();
  expect(error.partial.content.length).toBeGreaterThan(5);
  expect(chat.messages).toEqual([
    { role: "user", content: "second" },
    { role: "assistant", content: error.partial.content },
  ]);
  expect(chat.failed).toBeUndefined();

  const controller = new AbortController();
  clock.after(700, () => controller.abort("enough"));
  expect(await failure(chat.send("third", { signal: controller.signal }))).toBe("enough");
  chat.keepInterrupted();
  expect(String(chat.messages.at(-1)?.content).length).toBeGreaterThan(5);
  await run(chat.send("go on"));
  expect(chat.messages).toHaveLength(6);
});

test("nobody can change what was said: not by the input, the answer, or the list", async () => {
  const { chat, run } = createWorld({}, { system });
  const input = [{ role: "user" as const, content: "first" }];
  const running = chat.send(input);
  (input[0] as { content: string }).content = "changed";
  const completion = await run(running);
  (completion.choices[0]?.message as { content: string }).content = "changed";
  expect(JSON.stringify(chat)).not.toContain("changed");
  const list = chat.messages as ChatMessage[];
  expect(() => list.pop()).toThrow(TypeError);
  expect(() => Object.assign(list[1] as object, { content: "changed" })).toThrow(TypeError);
});

test("usage is the sum over the turns, and withReport() tells how one went", async () => {
  const { chat, run, hosts } = createWorld({}, { system });
  const { data, report } = await run(chat.send("first").withReport());
  expect(report.attempts).toHaveLength(1);
  const second = await run(chat.send("second"));
  const sum = (field: "prompt_tokens" | "completion_tokens") =>
    (data.usage?.[field] ?? 0) + (second.usage?.[field] ?? 0);
  expect(chat.usage).toEqual({
    promptTokens: sum("prompt_tokens"),
    completionTokens: sum("completion_tokens"),
    cacheHitTokens: 0,
    cacheMissTokens: sum("prompt_tokens"),
  });
  expect(hosts[0]?.requests).toHaveLength(2);
});

test("options of a call pass through, and wrong ones are told before anything is sent", async () => {
  const { chat, failure, events, run, sent } = createWorld({ script: ["busy", "ok"] });
  await run(chat.send("first", { retry: { maxRounds: 3 } }));
  expect(events.some(({ type }) => type === "wait")).toBe(true);
  expect(await failure(chat.send("x", { retries: 1 } as object))).toMatchObject({ code: "invalid_options" });
  expect(() => chat.stream("x", { retries: 1 } as object)).toThrow(/retry/);
  expect(await failure(chat.send([]))).toMatchObject({ code: "invalid_request" });
  expect(() => chat.stream(7 as never)).toThrow(InvalidRequestError);
  expect(chat.failed).toBeUndefined();
  expect(sent()).toHaveLength(2);
});

test("what was refused here, or aborted before its request, leaves the failed turn to be retried", async () => {
  const { chat, run, failure, sent } = createWorld({ script: ["busy", "ok"] }, { system });
  await failure(chat.send("important"));
  const failed = chat.failed;
  await failure(chat.send("aborted", { signal: AbortSignal.abort("before") }));
  const controller = new AbortController();
  const soon = failure(chat.send("soon", { signal: controller.signal }));
  controller.abort("at once");
  await soon;
  await failure(chat.send([{ role: "tool", tool_call_id: "x", content: "y" }]));
  expect(chat.failed).toEqual(failed);
  await failure(chat.retry({ signal: AbortSignal.abort("before") }));
  expect(chat.failed).toEqual(failed);
  await run(chat.retry());
  expect(sent().map((messages) => messages.at(-1))).toEqual([failed?.input[0], failed?.input[0]]);
});

test.each([[undefined], [{}], [{ model: "deepseek-flash" }]])("what is no client is refused at once: %j", (client) => {
  expect(() => conversation(client as never, { model: "deepseek-flash" })).toThrow(
    "conversation: the first argument must be a client, as made by createResilientClient().",
  );
});
