import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// A second reading of recorded answers, as plain as can be. It shares nothing with `src`, so that both are not wrong alike.

/** One recorded body. Its name ends in `.<HTTP status>.<sse|json>`. */
export interface Recording {
  readonly name: string;
  readonly status: number;
  readonly isStream: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What stands in a recording, all of its events added up. */
export interface Reading {
  readonly text: string;
  readonly reasoning: string;
  /** Text in `message.refusal` or `delta.refusal`. */
  readonly refusal: string;
  readonly toolCalls: readonly RawToolCall[];
  readonly usage: object | undefined;
  /** Each finish reason once. */
  readonly finishReasons: readonly string[];
  readonly hasChoices: boolean;
  /** Whether it is an answer of Ollama's own protocol: one JSON body, or one a line. */
  readonly isNative: boolean;
  readonly error: RawError | undefined;
}

export interface RawToolCall {
  id: string;
  name: string;
  arguments: string;
}

export interface RawError {
  readonly message: string;
  readonly code?: unknown;
  readonly metadata?: { readonly raw?: string };
}

interface RawPart {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning?: string | null;
  readonly refusal?: string | null;
  readonly tool_calls?:
    | readonly {
        readonly index?: number;
        readonly id?: string;
        readonly function?: { readonly name?: string; readonly arguments?: string };
      }[]
    | null;
}

/** A line of Ollama's own protocol, or all of it. */
interface NativeBody {
  readonly message?: {
    readonly content?: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: object } }[];
  };
  readonly done?: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
}

interface RawBody {
  readonly choices?: readonly {
    readonly message?: RawPart;
    readonly delta?: RawPart;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: object | null;
  readonly error?: RawError;
}

/** All recordings of a folder, in the order of their names. */
export function readRecordings(directory: string): Recording[] {
  const names = readdirSync(directory).filter((name) => name !== "README.md");
  return names.sort().map((name) => {
    const [, status, kind] = /\.(\d{3})\.(sse|json)$/.exec(name) ?? [];
    if (!status) throw new Error(`Not the name of a recording: ${name}`);
    return {
      name,
      status: Number(status),
      isStream: kind === "sse",
      bytes: new Uint8Array(readFileSync(join(directory, name))),
    };
  });
}

export function readRecording({ bytes, isStream }: Recording): Reading {
  const raw = new TextDecoder().decode(bytes);
  const native = isStream ? undefined : readNative(raw);
  if (native) return native;
  const bodies = isStream ? dataLines(raw).map(parse) : [parse(raw)];
  const choices = bodies.flatMap((body) => body?.choices?.slice(0, 1) ?? []);
  // Perplexity's events have a `message` too: everything so far, which must not be added up.
  const parts = choices.map(({ message, delta }) => (isStream ? delta : message) ?? {});
  const join = (pick: (part: RawPart) => string | null | undefined) => parts.map((part) => pick(part) ?? "").join("");
  return {
    text: join(({ content }) => content),
    reasoning: join((part) => part.reasoning_content || part.reasoning),
    refusal: join(({ refusal }) => refusal),
    toolCalls: joinToolCalls(parts),
    usage: bodies.findLast((body) => body?.usage)?.usage ?? undefined,
    finishReasons: [...new Set(choices.flatMap(({ finish_reason: finish }) => finish ?? []))],
    hasChoices: choices.length > 0,
    isNative: false,
    error: bodies.find((body) => body?.error)?.error,
  };
}

/** `undefined`: it is none, because a line of it is no JSON, or none tells that it is done. */
function readNative(raw: string): Reading | undefined {
  const lines = raw
    .trim()
    .split("\n")
    .map((line) => parse(line) as NativeBody | undefined);
  const end = lines.at(-1);
  if (!end?.done || !lines.every((line) => line?.message)) return undefined;
  const join = (field: "content" | "thinking") => lines.map((line) => line?.message?.[field] ?? "").join("");
  const calls = lines.flatMap((line) => line?.message?.tool_calls ?? []);
  const { prompt_eval_count: prompt = 0, eval_count: answer = 0, done_reason: reason = "" } = end;
  return {
    text: join("content"),
    reasoning: join("thinking"),
    refusal: "",
    toolCalls: calls.map(({ id, function: fn }) => ({ id, name: fn.name, arguments: JSON.stringify(fn.arguments) })),
    usage: { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer },
    finishReasons: [calls.length > 0 && reason === "stop" ? "tool_calls" : reason],
    hasChoices: false,
    isNative: true,
    error: undefined,
  };
}

function dataLines(raw: string): string[] {
  return raw
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length).trim())
    .filter((data) => data !== "[DONE]");
}

/** `undefined` for what is no JSON: a PDF, or a line of JSON after another. */
function parse(text: string): RawBody | undefined {
  try {
    // Wrong guesses of the type show in the comparison.
    return JSON.parse(text) as RawBody;
  } catch {
    return undefined;
  }
}

function joinToolCalls(parts: readonly RawPart[]): RawToolCall[] {
  const calls = new Map<number, RawToolCall>();
  for (const { tool_calls: pieces } of parts) {
    pieces?.forEach((piece, place) => {
      const index = piece.index ?? place;
      const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
      calls.set(index, call);
      call.id ||= piece.id ?? "";
      call.name ||= piece.function?.name ?? "";
      call.arguments += piece.function?.arguments ?? "";
    });
  }
  return [...calls.values()];
}

/** Whether all arguments are JSON; a function without parameters may come with none. */
export function areWhole(calls: readonly RawToolCall[]): boolean {
  return calls.every((call) => call.arguments === "" || parse(call.arguments) !== undefined);
}
