import fc from "fast-check";
import { type Call, compose, type Send } from "../../src/call.ts";
import { createCallLog } from "../../src/call-log.ts";
import type { ChatRequest } from "../../src/chat/chat-request.ts";
import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import { createChatCompletions } from "../../src/client/completions.ts";
import { createSession, type Sessions } from "../../src/client/session.ts";
import { CHAT } from "../../src/client/start-session.ts";
import {
  BusyError,
  EmptyAnswerError,
  InvalidRequestError,
  StreamInterruptedError,
  TimeoutError,
  UnexpectedResponseError,
} from "../../src/error-family.ts";
import { type ContinuationAbilities, continueAnswer, wayToContinue } from "../../src/policies/continue-answer.ts";
import type { ResumeSettings } from "../../src/policies/plan-resume.ts";
import { resume } from "../../src/policies/resume.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { openReply } from "../../src/transport/open-reply.ts";
import { makeAttempt } from "./attempt.ts";
import { cutAt } from "./joins.ts";
import { makeCall } from "./scripted.ts";
import { makeSource, type SourceRead } from "./scripted-source.ts";
import { makeChunk } from "./wire-response.ts";

/** A whole answer somebody may give. No two begin alike. */
export interface Variant {
  readonly reasoning: string;
  readonly content: string;
  readonly calls: boolean;
}

/** What comes of one request. */
interface Step {
  readonly variant: number;
  readonly provider: number;
  /** After so many characters of what is left to say something happens; beyond its end, nothing does. */
  readonly stopAfter: number;
  readonly what: "cut" | "busy" | "timeout" | "odd" | "length" | "end" | "empty" | "refused" | "unavailable";
  readonly places: readonly number[];
  /** The last thought and the first text come in one chunk. */
  readonly together: boolean;
  /** Thinking comes behind the text it goes on from. */
  readonly late: boolean;
  /** What should go on says it all again, where that can be found out, or begins to, and turns to something else. */
  readonly repeats: false | "same" | "other";
}

export interface Script {
  readonly variants: readonly Variant[];
  readonly steps: readonly Step[];
  readonly providers: readonly ContinuationAbilities[];
  readonly settings: Pick<ResumeSettings, "maxResumes" | "onUnresumable" | "continueOnLength">;
  readonly bestEffort: boolean;
  readonly toolCalls: "whole" | "live";
}

const text = fc.string({ unit: fc.constantFrom("a", " ", "服", "😀", "\n", "e\u0301"), maxLength: 12 });

/** Long enough for a repetition of it to be found out. */
const longText = fc.integer({ min: 96, max: 150 }).map((length) =>
  Array.from({ length: 50 }, (_, index) => `${index} `)
    .join("")
    .slice(0, length),
);

const variants = fc
  .array(fc.record({ reasoning: text, content: fc.oneof(text, longText), calls: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((all) =>
    all.map(({ reasoning, content, calls }, index) => ({
      reasoning: reasoning && `${"xyz"[index]}${reasoning}`,
      content: `${"XYZ"[index]}${content}`,
      calls,
    })),
  );

const step: fc.Arbitrary<Step> = fc.record({
  variant: fc.nat(2),
  provider: fc.nat(2),
  stopAfter: fc.oneof(fc.nat(30), fc.nat(200)),
  what: fc.constantFrom(
    "cut",
    "cut",
    "cut",
    "busy",
    "timeout",
    "odd",
    "length",
    "length",
    "end",
    "empty",
    "refused",
    "unavailable",
  ),
  places: fc.array(fc.oneof(fc.nat(30), fc.nat(150)), { maxLength: 8 }),
  together: fc.boolean(),
  late: fc.boolean(),
  repeats: fc.constantFrom<Step["repeats"]>(false, false, "same", "other"),
});

export const arbitraryScript: fc.Arbitrary<Script> = fc.record({
  variants,
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  providers: fc.array(
    fc.record({
      prefix: fc.boolean(),
      reasoningPrefix: fc.boolean(),
      prefixWithTools: fc.boolean(),
      prefill: fc.constantFrom<ContinuationAbilities["prefill"]>(false, "message", "flags"),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  settings: fc.record({
    maxResumes: fc.nat(4),
    onUnresumable: fc.constantFrom("fail" as const, "reset" as const),
    continueOnLength: fc.nat(2),
  }),
  bestEffort: fc.boolean(),
  toolCalls: fc.constantFrom("whole" as const, "live" as const),
});

const CALL = { id: "call_1", function: { name: "look", arguments: '{"at":"😀"}' } };
export const TOOLS = [{ type: "function", function: { name: "look" } }] as const;

/** What is left to say of a variant, as chunks. */
function chunksOf({ reasoning, content, calls }: Variant, { places, together, late }: Step): ChatCompletionChunk[] {
  const thoughts = reasoning ? cutAt(reasoning, places) : [];
  const pieces = content ? cutAt(content, places) : [];
  const last = together && thoughts.length > 0 && pieces.length > 0 ? thoughts.pop() : undefined;
  const spoken = pieces.map((piece, index) => ({
    ...(index === 0 && last !== undefined && { reasoning_content: last }),
    ...(late && index > 0 && thoughts.length === 0 && { reasoning_content: "late" }),
    content: piece,
  }));
  const args = CALL.function.arguments;
  const tools = calls
    ? [
        { tool_calls: [{ index: 0, ...CALL, function: { ...CALL.function, arguments: args.slice(0, 8) } }] },
        { tool_calls: [{ index: 0, function: { arguments: args.slice(8) } }] },
      ]
    : [];
  const opener = { role: "assistant", content: "" };
  const deltas = [opener, ...thoughts.map((thought) => ({ reasoning_content: thought })), ...spoken, ...tools];
  return deltas.map((delta) => makeChunk(delta));
}

/** What a host that goes on by promise says behind the request's last message. */
export function leftOf(
  { variants: all }: Script,
  { variant, repeats, what }: Step,
  { messages }: ChatRequest,
): Variant {
  const last = messages.at(-1);
  if (last?.role !== "assistant") return all[variant % all.length] as Variant;
  const { content, reasoning_content: reasoning } = last;
  const begun = all.find((one) =>
    content ? one.content.startsWith(content) : reasoning && one.reasoning.startsWith(reasoning),
  );
  if (!begun) throw new Error(`asked to go on with what nobody said: ${JSON.stringify(last)}`);
  if (content && reasoning && reasoning !== begun.reasoning)
    throw new Error(`asked to go on with the thinking of another answer: ${JSON.stringify(last)}`);
  // One that reached its length before 96 characters of it cannot be told from one that went on.
  const saysAgain = repeats && what !== "length" && content && content.length >= 96;
  const saysOther = saysAgain && repeats === "other" && content.length > 96;
  return {
    ...begun,
    content: saysOther ? `${content.slice(0, 96)}?!` : begun.content.slice(saysAgain ? 0 : (content?.length ?? 0)),
    reasoning: content ? "" : begun.reasoning.slice(reasoning?.length ?? 0),
  };
}

export function readsOf(left: Variant, step: Step): readonly SourceRead[] {
  const chunks = chunksOf(left, step);
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const finish = (reason: string) => makeChunk({}, reason, { usage });
  let said = 0;
  const upTo = chunks.findIndex(({ choices }) => {
    const { content, reasoning_content: thought } = choices[0]?.delta ?? {};
    said += (content ?? thought ?? "").length + 1;
    return said > step.stopAfter;
  });
  if (upTo < 0) return [...chunks.map((chunk) => [chunk]), [finish(left.calls ? "tool_calls" : "stop")]];
  const begun = chunks.slice(0, upTo);
  const errors = {
    cut: new StreamInterruptedError("cut"),
    busy: new BusyError("busy"),
    timeout: new TimeoutError("silent", { phase: "content" }),
    odd: new UnexpectedResponseError("odd"),
  } as const;
  switch (step.what) {
    case "length":
      return [...begun.map((chunk) => [chunk]), [finish("length")]];
    case "end":
      return begun.map((chunk) => [chunk]);
    case "empty":
      return [begun, { error: new EmptyAnswerError("empty", { kind: "nothing" }) }];
    case "refused":
    case "unavailable":
      return [...begun.map((chunk) => [chunk]), { error: errors.cut }];
    default:
      return [begun, { error: errors[step.what] }];
  }
}

/** Completions over the script: the real reader of a stream, the real `resume`, and replies by the script below it. */
export function completionsOver(script: Script) {
  const { steps, providers, settings, bestEffort, toolCalls } = script;
  const clock = createVirtualClock();
  const log = createCallLog("call_test", clock, undefined);
  const left = [...steps];
  const sources: ReturnType<typeof makeSource>[] = [];
  const wayOf = (call: Call, index: number) =>
    wayToContinue(call, `p${index}`, providers[index] as ContinuationAbilities, bestEffort);
  const next: Send = async (call) => {
    const indexes = providers.map((_, index) => index);
    const able = call.continues?.ways === "keep" ? indexes.filter((index) => wayOf(call, index)) : indexes;
    const now = left.shift();
    const index = able[(now?.provider ?? 0) % able.length];
    if (!now || index === undefined || now.what === "unavailable") throw new BusyError("nobody answers");
    const provider = `p${index}`;
    const abilities = providers[index] as ContinuationAbilities;
    const attempt = call.log.begin({ kind: call.kind ?? "first", provider, model: "m", round: call.round });
    if (now.what === "refused" && wayOf(call, index)) {
      const error = new InvalidRequestError("no prefix");
      call.log.refuse(provider, error);
      attempt.end({ outcome: "failed", error });
      throw error;
    }
    const send = compose([continueAnswer((asked) => wayOf(asked, index), abilities)], (asked) => {
      // Only of one that goes on, thinking is late; another one thinks when it does.
      const late = now.late && asked.continued !== "restart" && asked.continued !== "fresh";
      const source = makeSource(...readsOf(leftOf(script, now, asked.request), { ...now, late }));
      sources.push(source);
      return openReply(source, asked, { provider });
    });
    return send(makeAttempt({ ...call, provider, model: "m", attempt })).catch((error: unknown) => {
      attempt.end({ outcome: "failed", error: error as BusyError });
      throw error;
    });
  };
  const canContinue = (call: Call) => providers.some((_, index) => wayOf(call, index));
  const policy = resume({ ...settings, startMs: 1_000, allowElsewhere: [], canContinue });
  const sessions: Sessions = { open: new Set(), isClosed: false };
  const closed: Promise<void>[] = [];
  const completions = createChatCompletions((params, { signal }) => {
    const call = makeCall({ clock, log, toolCalls });
    const session = createSession({
      params,
      load: CHAT.load,
      call,
      log,
      signal,
      send: compose([policy], next),
      sessions,
    });
    closed.push(session.closed);
    return session;
  });
  return { clock, log, completions, sources, closed };
}
