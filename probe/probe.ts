import type { Answer, Fields } from "./answer.ts";

/** One request to the server. */
export interface Question {
  readonly method: "GET" | "POST";
  /** Behind the base URL. */
  readonly path: string;
  readonly body?: Fields;
  /** Whether it goes with a key that cannot be right. */
  readonly hasWrongKey?: boolean;
  /** Of a stream: so many events are read, and then the connection is closed. */
  readonly leaveAfterEvents?: number;
  /** Whether the server first gets a moment, to build its cache. */
  readonly needsPause?: boolean;
  /** @defaultValue 90_000 */
  readonly timeoutMs?: number;
}

/** What a look at the answers tells. */
export type Judgement =
  | { readonly verdict: "holds"; readonly seen: string }
  | { readonly verdict: "differs"; readonly seen: string; readonly change: string }
  | { readonly verdict: "unknown"; readonly seen: string };

export type Judge = (answers: readonly Answer[]) => Judgement;

/** A fact about the API that nobody is sure of, and how to find out. */
export interface Probe {
  readonly name: string;
  /** What is believed, in one sentence. */
  readonly fact: string;
  /** What this package does because of it. */
  readonly today: string;
  /** The files it does it in. */
  readonly where: readonly string[];
  readonly questions: readonly Question[];
  /** Gets the answers to its questions in their order; with `looksBack` every answer of the run so far, theirs last. */
  readonly judge: Judge;
  /** Whether it looks at what the others were answered. */
  readonly looksBack?: boolean;
  /** Whether it costs so much, or takes so long, that it is only asked by its name. */
  readonly isLong?: boolean;
}

export const FLASH = "deepseek-flash";
/** Without thinking an answer of a few tokens is an answer. */
export const PLAIN = { thinking: { type: "disabled" } } as const;

/** A request to chat, as small as it can be; `body` says what is special about it. */
export function chat(body: Fields, more: Partial<Question> = {}): Question {
  const asked = { model: FLASH, max_tokens: 1, messages: [user("Say ok.")], ...body };
  return { method: "POST", path: "/chat/completions", body: asked, ...more };
}

/** The same at the beta address. */
export function betaChat(body: Fields, more: Partial<Question> = {}): Question {
  return chat(body, { path: "/beta/chat/completions", ...more });
}

export function user(content: unknown): Fields {
  return { role: "user", content };
}

export function assistant(content: unknown, more: Fields = {}): Fields {
  return { role: "assistant", content, ...more };
}

/** A tool nobody calls. */
export function tool(name: string, more: Fields = {}): Fields {
  const parameters = {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  };
  return { type: "function", function: { name, description: "The weather of a city.", parameters, ...more } };
}

export function holds(seen: string): Judgement {
  return { verdict: "holds", seen };
}

export function differs(seen: string, change: string): Judgement {
  return { verdict: "differs", seen, change };
}

export function unknown(seen: string): Judgement {
  return { verdict: "unknown", seen };
}
