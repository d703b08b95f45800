import { raceAbort } from "../async/abort.ts";
import { limitOf, MOST_ANSWER_TOKENS, withLimit } from "../chat/answer-tokens.ts";
import type { ChatMessage, ChatRequest } from "../chat/chat-request.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { ChatStream } from "../client/chat-stream.ts";
import { AllProvidersFailedError, EmptyAnswerError, MalformedOutputError, SchemaError } from "../error-family.ts";
import { ResilientClientError, restateError } from "../errors.ts";
import { deepseekModel } from "../providers/deepseek-models.ts";
import type { Report } from "../report.ts";
import type { InferOutput, Issue, StandardSchema } from "../standard-schema.ts";
import { FEW_BLANKS, type Judgement, judgeAnswer } from "./judge-answer.ts";
import type { ParsePlan } from "./parse-params.ts";
import { reask } from "./reask.ts";

/** A value, and where it came from. */
export interface ParseResult<T> {
  readonly data: T;
  /** The answer that held it. */
  readonly completion: ChatCompletion;
  /** The text of that answer, as the model wrote it. */
  readonly raw: string;
  /** What happened in the call that gave it. */
  readonly report: Report;
  /** The same of every call: the first one, and one for each time the model was asked again. */
  readonly reports: readonly Report[];
}

/** Follows the asks: reads each answer, or only waits for it. */
export interface AskObserver {
  /** An ask begins. */
  begin(stream: ChatStream): void;
  /** The whole answer; `undefined`: no more of it is wanted. Rejects with what the stream fails with. */
  read(stream: ChatStream): Promise<ChatCompletion | undefined>;
}

/** Asks, reads, and asks again with what was wrong, until the answer fits or the model was asked often enough. */
export async function askUntilFits<S extends StandardSchema>(
  plan: ParsePlan<S>,
  observer: AskObserver,
): Promise<ParseResult<InferOutput<S>>> {
  const reports: Report[] = [];
  let { request } = plan;
  for (;;) {
    const stream = plan.client.chat.completions.stream(request, plan.options);
    observer.begin(stream);
    const answer = await readAnswer(observer, stream).catch((error: unknown) => {
      throw withEarlier(error, reports);
    });
    const { report } = stream;
    reports.push(report);
    const judged = await judge(answer, plan);
    if (!judged.issues && answer.completion) {
      // The schema gave it, and says that this is its type.
      const data = judged.value as InferOutput<S>;
      return { data, completion: answer.completion, raw: answer.text, report, reports };
    }
    const issues = judged.issues ?? [];
    if (reports.length > plan.maxReasks) throw schemaError(answer.text, issues, reports);
    request = nextRequest(request, reask(answer.text, issues, plan.wrapper), judged, answer.completion);
  }
}

interface Answer {
  readonly text: string;
  /** `undefined`: there is no whole one. */
  readonly completion: ChatCompletion | undefined;
}

async function readAnswer(observer: AskObserver, stream: ChatStream): Promise<Answer> {
  try {
    const completion = await observer.read(stream);
    return { text: completion?.choices[0]?.message.content ?? stream.partial.content, completion };
  } catch (error) {
    // DeepSeek's JSON mode answers with nothing now and then; a request that says more may do better.
    if (isUnusable(error)) return { text: stream.partial.content, completion: undefined };
    throw error;
  }
}

/** What the asks before it made belongs to it: they were paid for. */
function withEarlier(error: unknown, reports: readonly Report[]): unknown {
  if (reports.length === 0 || !ResilientClientError.isInstance(error)) return error;
  const attempts = reports.flatMap((report) => report.attempts);
  return restateError(error, error.message, { attempts: [...attempts, ...error.attempts] });
}

/** Whether it is the model's fault: nothing was said, or what nobody can read. */
function isUnusable(error: unknown): boolean {
  if (AllProvidersFailedError.isInstance(error)) return error.errors.every(isUnusable);
  return EmptyAnswerError.isInstance(error) || MalformedOutputError.isInstance(error);
}

async function judge(
  { text, completion }: Answer,
  { schema, wrapper, options }: ParsePlan<StandardSchema>,
): Promise<Judgement> {
  if (!completion) return { issues: [{ message: whyUnread(text) }], isCut: false };
  const judging = judgeAnswer(text, completion.choices[0]?.finish_reason ?? "", { schema, wrapper });
  // A schema may ask somebody, and take its time.
  return options.signal ? raceAbort(judging, options.signal, () => {}) : judging;
}

/** What is wrong with an answer that is not read to its end. */
function whyUnread(text: string): string {
  const ending = text.trimEnd().length;
  if (ending === 0) return "The answer is empty.";
  // Or the model would look for what is wrong with an object that may be right.
  return text.length - ending < FEW_BLANKS
    ? "The answer is no whole JSON."
    : "The answer does not end: nothing but spaces and line breaks follows.";
}

/** The same, and what was wrong. One that was cut gets twice the room: the same limit would cut it again. */
function nextRequest(
  request: ChatRequest,
  more: readonly ChatMessage[],
  judged: Judgement,
  completion: ChatCompletion | undefined,
): ChatRequest {
  const next = { ...request, messages: [...request.messages, ...more] };
  const isDeepSeek = deepseekModel(request.model) !== undefined;
  const had = limitOf(request) ?? (isDeepSeek ? completion?.usage?.completion_tokens : undefined);
  if (!judged.issues || !judged.isCut || !had) return next;
  return withLimit(next, isDeepSeek ? Math.max(had, Math.min(2 * had, MOST_ANSWER_TOKENS)) : 2 * had);
}

function schemaError(raw: string, issues: readonly Issue[], reports: readonly Report[]): SchemaError {
  const [asked, count] = [reports.length, issues.length];
  const attempts = reports.flatMap((report) => report.attempts);
  const { provider, model } = attempts.at(-1) ?? {};
  return new SchemaError(
    `No answer fits the schema (asked ${asked === 1 ? "once" : `${asked} times`}): the last one has ${count === 1 ? "one issue" : `${count} issues`}, in error.issues; its text is error.raw. Give an example, describe the fields in the schema, or raise maxReasks.`,
    { issues, raw, attempts, provider, model },
  );
}
