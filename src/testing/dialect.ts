import type { AnswerPlan } from "./answer-plan.ts";
import { splitTokens } from "./compose-answer.ts";
import type { SimulatedError } from "./deepseek-errors.ts";
import { type WriteStep, writeStep } from "./exchange.ts";
import type { ModelShelf } from "./model-shelf.ts";
import type { RawBody } from "./request-rules.ts";

export type Json = Readonly<Record<string, unknown>>;

/** An error as a stream tells of it. */
interface StreamError {
  readonly message: string;
  readonly code: number | string | undefined;
}

/** How one kind of host says what DeepSeek says. */
export interface Dialect {
  /** Served when nobody said which; `undefined`: any. */
  readonly models: readonly string[] | undefined;
  readonly needsKey: boolean;
  /** Whether DeepSeek's own rules hold, or only what every host checks. */
  readonly isStrict: boolean;
  /** Whether a last message of the assistant is gone on with, unasked. */
  readonly prefills: boolean;
  /** What a waiting client gets; `""`: nothing. */
  readonly keepAlive: string;
  /** What it speaks under a path of its own, beside chat completions. */
  readonly own?: { readonly path: RegExp; readonly dialect: Dialect } | undefined;
  /** Whether a stream is one JSON value a line, and nothing else. Until then events are written, with all that may be wrong with them. */
  readonly isLines?: boolean | undefined;
  /** Its request as chat completions have it, and the window it is held to. */
  asChat?(body: RawBody, window: number): { readonly body: RawBody; readonly window: number };
  thinks(body: Json): boolean;
  headers(plan: { readonly traceId: string }): Readonly<Record<string, string>>;
  /** All events of a stream but `[DONE]`. */
  events(plan: AnswerPlan, includeUsage: boolean): readonly WriteStep[];
  completion(plan: AnswerPlan): Json;
  error(error: SimulatedError): SimulatedError;
  /** The event of an error inside a stream. */
  streamError(plan: AnswerPlan, error: StreamError): Json;
  /** Whether `[DONE]` follows an error inside a stream. */
  readonly doneAfterError: boolean;
  /** Of a local server: which models it has, and how it tells of them. */
  readonly local?: LocalModels | undefined;
}

/** What a local server can be asked about its models. */
export interface LocalModels {
  /** The model of one that nobody said anything about. */
  readonly usual: string;
  /** The list at such a path, if there is one. */
  list(path: string, shelf: ModelShelf): Json | undefined;
  /** Loads what is asked for; or says why not, in DeepSeek's form. */
  load(model: string, shelf: ModelShelf): SimulatedError | undefined;
}

export const DONE = "data: [DONE]\n\n";

export function eventStep(json: Json, tokens = 0): WriteStep {
  return writeStep(`data: ${JSON.stringify(json)}\n\n`, tokens);
}

/** One token of the thinking or of the text. */
export interface Piece {
  readonly field: "reasoning" | "content";
  readonly text: string;
}

export function piecesOf({ reasoning, content }: AnswerPlan): Piece[] {
  return [
    ...splitTokens(reasoning).map((text): Piece => ({ field: "reasoning", text })),
    ...splitTokens(content).map((text): Piece => ({ field: "content", text })),
  ];
}

/** The message of an error in DeepSeek's words; `undefined`: it is not the API that speaks. */
export function messageOf({ body, contentType }: SimulatedError): string | undefined {
  if (contentType.startsWith("text/")) return undefined;
  return (JSON.parse(body) as { error: { message: string } }).error.message;
}
