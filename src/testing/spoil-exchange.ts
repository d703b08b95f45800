import { type AnswerPlan, outputTokens } from "./answer-plan.ts";
import { type Dialect, DONE, eventStep, type Json } from "./dialect.ts";
import { breakOff, type Exchange, type Step, type WriteStep, writeStep } from "./exchange.ts";
import type { InStreamError, Trouble } from "./faults.ts";
import { placeOf } from "./spoil-plan.ts";

/** What is written of an answer, and from what. */
export interface Written {
  readonly exchange: Exchange;
  readonly plan: AnswerPlan;
  readonly isStream: boolean;
  readonly dialect: Dialect;
}

const CLOSE: Step = { type: "close" };
const NO_UTF8 = Uint8Array.of(0xff, 0xc3, 0x28, 0xfe);

/** Spoils what is written of an answer, event by event: what a plan cannot say. */
export function spoilExchange(written: Written, trouble: Trouble | undefined, chance: () => number): Exchange {
  const { exchange, isStream, plan } = written;
  switch (trouble?.kind) {
    case "in_stream_error":
      return { ...exchange, body: isStream ? errorInside(written, trouble, chance) : errorInstead(written, trouble) };
    case "end":
      if (!isStream) return { ...exchange, body: [...exchange.body, CLOSE] };
      return { ...exchange, body: ended(written, trouble.done ?? false) };
    case "finish":
    case "content_filter":
      return { ...exchange, body: [...exchange.body, CLOSE] };
    case "empty":
      return trouble.what === "newlines" ? { ...exchange, body: [writeStep("\n\n\n\n"), CLOSE] } : exchange;
    case "malformed":
      if (trouble.what === "event") {
        return { ...exchange, body: isStream ? withBrokenEvent(written) : halved(exchange.body) };
      }
      return trouble.what === "bytes" ? { ...exchange, body: withBadBytes(exchange.body, plan, isStream) } : exchange;
    default:
      return exchange;
  }
}

function errorInside(written: Written, trouble: InStreamError, chance: () => number): Step[] {
  const { exchange, plan, dialect } = written;
  const told = toldAs(trouble);
  const json =
    trouble.level === "choice" && !dialect.isLines
      ? { id: plan.id, object: "chat.completion.chunk", created: plan.created, model: plan.model, choices: [told] }
      : dialect.streamError(plan, told.error);
  const { bytes } = eventStep(json);
  const error = trouble.level === "named" ? joined(writeStep("event: error\n").bytes, bytes) : bytes;
  const before = trouble.afterFinish
    ? exchange.body.slice(0, -1)
    : breakOff(exchange.body, { afterTokens: placeOf(plan, trouble.afterTokens, chance) }, []);
  const done = trouble.afterFinish || dialect.doneAfterError ? [writeStep(DONE)] : [];
  return [...before, { type: "write", bytes: error, tokens: 0 }, ...done, CLOSE];
}

function errorInstead({ exchange, plan, dialect }: Written, trouble: InStreamError): Step[] {
  const told = toldAs(trouble);
  const { choices: _, ...rest } = dialect.completion(plan);
  const json =
    trouble.level === "choice" && !dialect.isLines
      ? { ...rest, choices: [told] }
      : { error: dialect.streamError(plan, told.error)["error"] };
  return [...exchange.body.slice(0, -1), writeStep(JSON.stringify(json)), CLOSE];
}

function toldAs({ status = 503, as = "number" }: InStreamError) {
  const message = "The request queue is full";
  const error = {
    message: as === "text" ? `[${status}] ${message}` : message,
    code: as === "text" ? undefined : as === "string" ? String(status) : status,
  };
  return { index: 0, delta: {}, finish_reason: "error", error };
}

/** Only the events up to the last token: nothing that says it is over. */
function ended({ exchange, plan }: Written, done: boolean): Step[] {
  const tokens = outputTokens(plan);
  const kept = tokens === 0 ? exchange.body.slice(0, -2) : breakOff(exchange.body, { afterTokens: tokens }, []);
  return [...kept, ...(done ? [writeStep(DONE)] : []), CLOSE];
}

function withBrokenEvent({ exchange, plan }: Written): Step[] {
  const kept = breakOff(exchange.body, { afterTokens: middleOf(plan) }, []);
  const json: Json = { id: plan.id, object: "chat.completion.chunk", created: plan.created };
  const broken = writeStep(`data: ${JSON.stringify(json).slice(0, -1)},"choices":[{"index":0,"delta":{"content":\n\n`);
  return [...kept, broken, ...exchange.body.slice(kept.length)];
}

/** The first half of one JSON body, and an end in order. */
function halved(body: readonly Step[]): Step[] {
  const size = body.reduce((sum, step) => sum + (step.type === "write" ? step.bytes.length : 0), 0);
  return breakOff(body, { afterBytes: Math.floor(size / 2) }, [CLOSE]);
}

/** Bytes that are no UTF-8 at the end of a text: before the quote that ends it. */
function withBadBytes(body: readonly Step[], plan: AnswerPlan, isStream: boolean): Step[] {
  const tokens = isStream ? middleOf(plan) : outputTokens(plan);
  const index = Math.max(0, breakOff(body, { afterTokens: tokens }, []).length - 1);
  const step = body[index];
  if (step?.type !== "write") return [...body];
  return body.with(index, spoilText(step));
}

function spoilText(step: WriteStep): WriteStep {
  const text = Array.from(step.bytes, (byte) => String.fromCharCode(byte)).join("");
  // The last text that is not null: the others of the same event say nothing.
  const [found = ""] =
    /^.*"(?:content|reasoning_content|reasoning|thinking|arguments|text)":"(?:[^"\\]|\\.)*(?=")/s.exec(text) ?? [];
  const bytes = joined(step.bytes.slice(0, found.length), NO_UTF8, step.bytes.slice(found.length));
  return { ...step, bytes };
}

function middleOf(plan: AnswerPlan): number {
  return Math.max(1, Math.floor(outputTokens(plan) / 2));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
