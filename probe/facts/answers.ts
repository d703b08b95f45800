import { randomUUID } from "node:crypto";
import { type Answer, at, countOf, finishChunk, finishOf, isSuccess, usageOf } from "../answer.ts";
import { describe } from "../judge-answers.ts";
import { chat, differs, holds, type Judgement, PLAIN, type Probe, unknown, user } from "../probe.ts";

const DIALECT = "src/testing/deepseek-dialect.ts";
const FORMAT = "src/providers/wire-format.ts";

/** About 700 tokens that no earlier run can have left in the cache. */
const LONG = `Note ${randomUUID()}. ${"The harbour master counts the boats in the morning and once more at night. ".repeat(45)}`;
const cached = { ...PLAIN, messages: [{ role: "system", content: LONG }, user("Say ok.")] };

export const answerProbes: readonly Probe[] = [
  {
    name: "stream-usage",
    fact: "Without stream_options too, the chunk with the finish reason has the usage, and only [DONE] follows.",
    today: "Does not ask DeepSeek for usage; waits a moment for what follows the finish reason.",
    where: ["src/providers/deepseek.ts", "src/chat/hold-back.ts", DIALECT],
    questions: [chat({ ...PLAIN, max_tokens: 4, stream: true })],
    judge: judgeStreamUsage,
  },
  {
    name: "stream-opener",
    fact: "A stream begins with a chunk of a role and no text; while thinking, content is null and reasoning_content empty.",
    today: "Takes a chunk without text for no beginning: the first token is the first that says something.",
    where: ["src/transport/open-reply.ts", DIALECT],
    questions: [chat({ ...PLAIN, max_tokens: 4, stream: true }), chat({ max_tokens: 4, stream: true })],
    judge: judgeOpeners,
  },
  {
    name: "usage-fields",
    fact: "prompt_tokens is the sum of cache hits and misses, and cached_tokens says the hits once more.",
    today: "Passes usage on as it comes; the simulator counts this way.",
    where: [FORMAT, DIALECT],
    questions: [chat(PLAIN)],
    judge: judgeUsage,
  },
  {
    name: "cache-unit",
    fact: "The same prompt asked again is read from the cache, in multiples of 128 tokens.",
    today: "Counts on nothing: only usage tells. The simulator has no cache.",
    where: [DIALECT],
    // Building takes the server some seconds.
    questions: [chat(cached), chat(cached, { needsPause: true }), chat(cached, { needsPause: true })],
    judge: judgeCache,
  },
  {
    name: "max-tokens-default",
    fact: "Without max_tokens and without thinking an answer ends after 8,192 tokens.",
    today: "Sends this default explicitly.",
    where: ["src/chat/chat-request.ts"],
    isLong: true,
    questions: [
      chat(
        {
          ...PLAIN,
          max_tokens: null,
          stream: true,
          messages: [user("Write every whole number from 1 to 20000, with blanks between. No other text, no pause.")],
        },
        { leaveAfterEvents: 8_500, timeoutMs: 400_000 },
      ),
    ],
    judge: judgeDefault,
  },
];

function judgeStreamUsage([answer]: readonly Answer[]): Judgement {
  if (!answer || !isSuccess(answer)) return unknown(answer ? describe(answer) : "");
  const change = "Correct asksForUsage in deepseek.ts, and the last chunks in deepseek-dialect.ts.";
  const finish = finishChunk(answer);
  if (finish === undefined) return unknown("No chunk has a finish reason.");
  const after = answer.events.slice(answer.events.indexOf(finish) + 1);
  const seen = `Usage ${at(finish, "usage") ? "is" : "is not"} on the finish chunk; after it: ${
    after.map((event) => (event === "[DONE]" ? event : JSON.stringify(event).slice(0, 80))).join(", ") || "nothing"
  }.`;
  const isRight = Boolean(at(finish, "usage")) && after.length === 1 && after[0] === "[DONE]";
  return isRight ? holds(seen) : differs(seen, change);
}

function judgeOpeners(answers: readonly Answer[]): Judgement {
  const [plain, thinking] = answers.map(({ events }) => at(events[0], "choices", 0, "delta"));
  if (plain === undefined || thinking === undefined) return unknown("One of the streams has no first chunk.");
  const seen = `Without thinking ${JSON.stringify(plain).slice(0, 80)}, with it ${JSON.stringify(thinking).slice(0, 80)}.`;
  const isRight =
    at(plain, "content") === "" && at(thinking, "content") === null && at(thinking, "reasoning_content") === "";
  return isRight
    ? holds(seen)
    : differs(seen, "Let the simulator begin this way (deepseek-dialect.ts); the client takes any beginning.");
}

function judgeUsage([answer]: readonly Answer[]): Judgement {
  const prompt = countOf(answer, "prompt_tokens");
  if (!answer || !isSuccess(answer) || prompt === undefined) return unknown("The answer tells no prompt_tokens.");
  const hit = countOf(answer, "prompt_cache_hit_tokens");
  const miss = countOf(answer, "prompt_cache_miss_tokens");
  const cachedTokens = at(usageOf(answer), "prompt_tokens_details", "cached_tokens");
  const seen = `${prompt} prompt tokens: ${hit ?? "?"} hit, ${miss ?? "?"} missed, cached_tokens ${String(cachedTokens ?? "?")}.`;
  const isRight = hit !== undefined && miss !== undefined && hit + miss === prompt && cachedTokens === hit;
  return isRight
    ? holds(seen)
    : differs(seen, "Correct the type of usage in chat-response.ts, and usageOf in deepseek-dialect.ts.");
}

function judgeCache(answers: readonly Answer[]): Judgement {
  const prompt = countOf(answers[0], "prompt_tokens");
  const hits = answers.map((answer) => countOf(answer, "prompt_cache_hit_tokens") ?? 0);
  const seen = `Of ${prompt ?? "?"} prompt tokens, read from the cache: ${hits.join(", then ")}.`;
  const best = Math.max(0, ...hits);
  if (best === 0) return unknown(`${seen} Nothing was read from it, which it does not promise.`);
  if (best % 128 === 0) return holds(seen);
  return differs(
    `${seen} That is no multiple of 128.`,
    "Whatever trims conversations must use this unit, and not 128.",
  );
}

function judgeDefault([answer]: readonly Answer[]): Judgement {
  if (!answer || !isSuccess(answer)) return unknown(answer ? describe(answer) : "");
  const change = "Correct the default at max_tokens in chat-request.ts.";
  if (answer.isLeft) return differs("It went on after 8,500 chunks, and was left.", change);
  const count = countOf(answer, "completion_tokens");
  const seen = `finish_reason ${String(finishOf(answer))} after ${count ?? "?"} tokens.`;
  if (finishOf(answer) !== "length") return unknown(`${seen} It ended by itself.`);
  return count === 8_192 ? holds(seen) : differs(seen, change);
}
