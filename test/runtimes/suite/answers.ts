import type { ChatCompletionChunk, StreamPart } from "resilient-deepseek";
import { casesOf, check, eventually, same } from "./case.ts";
import { clientOf, params } from "./client.ts";

const TOOL_CALL = {
  id: "call_1",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Zürich","days":3}' },
} as const;

const MANY_BYTES = "Zürich, 服务器繁忙，请稍后再试。👩🏽‍🚀🚀 naïve 𝒳 ≠ 𝒵 — and \ufffd, which is a character too.";

export const answerCases = casesOf({
  async "a plain call gives the whole answer"({ open }) {
    const world = await open();
    const { data, report } = await clientOf(world).chat.completions.create(params).withReport();
    const [choice] = data.choices;
    check(await world.isWhole(choice?.message.content ?? ""), "the answer is whole");
    same([choice?.finish_reason, data.object, report.outcome], ["stop", "chat.completion", "succeeded"], "the ending");
    const { requests } = await world.seen();
    same([requests.length, requests[0]?.path], [1, "/chat/completions"], "what the server was asked");
    same(requests[0]?.body.messages, params.messages, "the conversation as it arrived");
  },

  async "a stream gives chunks that make the whole answer"({ open }) {
    const world = await open({ options: { timing: { tokenMs: 1 } } });
    const stream = clientOf(world).chat.completions.stream(params);
    const chunks: ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    check(await world.isWhole(text), "the chunks make the whole answer");
    same(chunks.at(-1)?.choices[0]?.finish_reason, "stop", "the last chunk's finish reason");
    const final = await stream.finalChatCompletion();
    same(final.choices[0]?.message.content, text, "the completion beside the stream");
  },

  async "textStream() gives the text and nothing else"({ open }) {
    const world = await open({ options: { timing: { tokenMs: 1 } } });
    let text = "";
    let pieces = 0;
    const thinking = { ...params, thinking: { type: "enabled" } } as const;
    for await (const piece of clientOf(world).chat.completions.stream(thinking).textStream()) {
      text += piece;
      pieces += 1;
    }
    check(await world.isWhole(text), "the text is the whole answer, without its thinking");
    check(pieces > 5, "it came in pieces");
  },

  async "parts() give reasoning, text, whole tool calls and the finish"({ open }) {
    const answer = { reasoning: "思考 first.", content: "Then a look.", toolCalls: [TOOL_CALL] };
    const world = await open({ answer });
    const parts: StreamPart[] = [];
    const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }] as const;
    const asked = { ...params, thinking: { type: "enabled" }, tools } as const;
    for await (const part of clientOf(world).chat.completions.stream(asked).parts()) parts.push(part);
    const joined = (type: "text-delta" | "reasoning-delta") =>
      parts.map((part) => (part.type === type ? part.text : "")).join("");
    same(joined("reasoning-delta"), answer.reasoning, "the reasoning");
    same(joined("text-delta"), answer.content, "the text");
    const calls = parts.flatMap((part) => (part.type === "tool-calls" ? part.toolCalls : []));
    same(
      calls.map((call) => [call.id, call.function.name, JSON.parse(call.function.arguments)]),
      [["call_1", "weather", { city: "Zürich", days: 3 }]],
      "the tool calls",
    );
    const last = parts.at(-1);
    same(last?.type === "finish" && last.finishReason, "tool_calls", "the finish");
  },

  async "usage is told, by a plain call and by a stream"({ open }) {
    const world = await open();
    const { completions } = clientOf(world).chat;
    const { data, report } = await completions.create(params).withReport();
    const streamed = await completions.stream(params).finalChatCompletion();
    for (const { usage } of [data, streamed]) {
      check((usage?.completion_tokens ?? 0) > 0, "tokens were counted");
      same(usage?.total_tokens, (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0), "the sum of the tokens");
    }
    same(report.billed.completionTokens, data.usage?.completion_tokens, "the tokens of the report");
  },

  async "characters of several bytes survive being split between reads"({ open }) {
    const world = await open({ answer: MANY_BYTES, front: { splitsCharacters: true } });
    const { choices } = await clientOf(world).chat.completions.create(params);
    same(choices[0]?.message.content, MANY_BYTES, "the plain answer");
    let text = "";
    for await (const piece of clientOf(world).chat.completions.stream(params).textStream()) text += piece;
    same(text, MANY_BYTES, "the stream");
    check(await world.isWhole(text), "the answer is whole");
  },

  async "a byte order mark, other line ends and comments are read all the same"({ open }) {
    const framing = { byteOrderMark: true, lineEnd: "\r\n", comments: true, dataLines: true, writeBytes: 7 } as const;
    const world = await open({ options: { framing, timing: { tokenMs: 1 } } });
    const { choices } = await clientOf(world).chat.completions.create(params);
    check(await world.isWhole(choices[0]?.message.content ?? ""), "the answer is whole");
  },

  async "bytes that are no text are an error, and no replacement characters"({ open }) {
    const world = await open({ options: { script: [{ kind: "malformed", what: "bytes" }] } });
    const { data, report } = await clientOf(world).chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the second answer is whole");
    same(
      report.attempts.map(({ error }) => error?.code),
      ["unexpected_response", undefined],
      "what became of the attempts",
    );
  },

  async "a compressed answer is read as it comes"({ open }) {
    const world = await open({ options: { timing: { tokenMs: 50 } }, front: { compresses: true } });
    let text = "";
    let pieces = 0;
    for await (const piece of clientOf(world).chat.completions.stream(params).textStream()) {
      text += piece;
      pieces += 1;
      if (pieces === 1) same((await world.seen()).requests[0]?.outcome, "open", "the answer at the first piece");
    }
    check(await world.isWhole(text), "the answer is whole");
  },

  async "a long answer arrives whole"({ open }) {
    const world = await open({ options: { answerTokens: 5000 } });
    let text = "";
    for await (const piece of clientOf(world).chat.completions.stream(params).textStream()) text += piece;
    check(text.length > 10_000 && (await world.isWhole(text)), "the answer is long and whole");
  },

  async 'wire: "json" gives the same, as one body'({ open }) {
    const world = await open();
    const { choices } = await clientOf(world, { wire: "json" }).chat.completions.create(params);
    check(await world.isWhole(choices[0]?.message.content ?? ""), "the answer is whole");
    same((await world.seen()).requests[0]?.body.stream, false, "the wish for a stream");
  },

  async "toReadableStream() gives one chunk of JSON a line"({ open }) {
    const world = await open();
    const body = new Response(clientOf(world).chat.completions.stream(params).toReadableStream());
    const lines = (await body.text()).trimEnd().split("\n");
    const text = lines.map((line) => JSON.parse(line).choices[0].delta.content ?? "").join("");
    check(await world.isWhole(text), "the lines make the whole answer");
  },

  async "toResponse() gives server-sent events, and [DONE] after a whole answer"({ open }) {
    const world = await open();
    const response = clientOf(world)
      .chat.completions.stream(params)
      .toResponse({ headers: { "x-app": "yes" } });
    same(
      [response.status, response.headers.get("content-type"), response.headers.get("x-app")],
      [200, "text/event-stream; charset=utf-8", "yes"],
      "the head of the response",
    );
    const events = (await response.text()).trimEnd().split("\n\n");
    same(events.pop(), "data: [DONE]", "the last event");
    const text = events.map((event) => JSON.parse(event.replace("data: ", "")).choices[0].delta.content ?? "").join("");
    check(await world.isWhole(text), "the events make the whole answer");
  },

  async "twenty calls at once do not disturb each other"({ open }) {
    const world = await open({ options: { timing: { tokenMs: 1 } } });
    const client = clientOf(world);
    const calls = Array.from({ length: 20 }, () => client.chat.completions.create(params));
    const texts = (await Promise.all(calls)).map(({ choices }) => choices[0]?.message.content ?? "");
    same(new Set(texts).size, 20, "the number of different answers");
    for (const text of texts) check(await world.isWhole(text), "each answer is whole");
    await eventually(async () => client.health().providers[0]?.inFlight === 0, "nothing is in flight");
  },
});
