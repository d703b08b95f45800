import type { Simulator } from "../../../src/testing/index.ts";

export const KEY = "sk-test-0123456789";
export const BASE = "https://api.deepseek.com";
/** Switches thinking off. */
export const PLAIN = { thinking: { type: "disabled" } } as const;

interface WireUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
  readonly prompt_cache_hit_tokens: number;
  readonly prompt_cache_miss_tokens: number;
}

interface WireDelta {
  readonly role?: string;
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly { readonly index: number }[];
}

export interface WireChunk {
  readonly id: string;
  readonly choices: readonly { readonly delta: WireDelta; readonly finish_reason: string | null }[];
  readonly usage?: WireUsage | null;
}

export interface WireCompletion {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly {
    readonly message: { readonly content: string; readonly reasoning_content?: string; readonly tool_calls?: unknown };
    readonly finish_reason: string;
  }[];
  readonly usage: WireUsage;
}

/** Everything that could be read of a response, and what it broke with. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly error: unknown;
}

/** A request body: one user message, and what is given. */
export function bodyOf(overrides: object = {}): Record<string, unknown> {
  return { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }], ...overrides };
}

export function initOf(overrides: object = {}, signal?: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(bodyOf(overrides)),
    ...(signal && { signal }),
  };
}

export async function ask(
  { fetch }: Pick<Simulator, "fetch">,
  overrides: object = {},
  { url = `${BASE}/chat/completions`, signal }: { url?: string; signal?: AbortSignal } = {},
): Promise<Received> {
  return readAll(await fetch(url, initOf(overrides, signal)));
}

export async function readAll(response: Response): Promise<Received> {
  const read: number[] = [];
  let error: unknown;
  try {
    for await (const bytes of response.body ?? []) for (const byte of bytes) read.push(byte);
  } catch (reason) {
    error = reason;
  }
  const bytes = Uint8Array.from(read);
  const { status, headers } = response;
  return { status, headers, bytes, text: new TextDecoder().decode(bytes), error };
}

/** A whole streamed answer. */
export interface Told {
  readonly chunks: readonly WireChunk[];
  readonly reasoning: string;
  readonly content: string;
  readonly finishReason: string | null | undefined;
  readonly usage: WireUsage | null | undefined;
}

export async function tell(simulator: Pick<Simulator, "fetch">, overrides: object = {}): Promise<Told> {
  const { text } = await ask(simulator, { stream: true, ...overrides });
  const chunks = chunksOf(text);
  const join = (pick: (delta: WireDelta) => string | null | undefined) =>
    chunks.map(({ choices }) => (choices[0] && pick(choices[0].delta)) ?? "").join("");
  return {
    chunks,
    reasoning: join((delta) => delta.reasoning_content),
    content: join((delta) => delta.content),
    finishReason: chunks.at(-1)?.choices[0]?.finish_reason,
    usage: chunks.at(-1)?.usage,
  };
}

/** The continuation of an answer, streamed by the beta address. */
export async function goOn(
  simulator: Pick<Simulator, "fetch">,
  prefix: { readonly content: string; readonly reasoning_content?: string },
  overrides: object = {},
): Promise<{ readonly reasoning: string; readonly content: string }> {
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", prefix: true, ...prefix },
  ];
  const beta = (_: unknown, init?: RequestInit) => simulator.fetch(`${BASE}/beta/chat/completions`, init);
  return tell({ fetch: beta }, { messages, ...overrides });
}

/** The JSON of a stream's events, in order; comments and `[DONE]` left out. */
export function chunksOf(text: string): WireChunk[] {
  return text
    .split("\n\n")
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice("data: ".length)) as WireChunk);
}

export function completionOf({ text }: Received): WireCompletion {
  return JSON.parse(text) as WireCompletion;
}

/** The error a promise rejects with; `undefined` when it does not. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Lets the event loop turn until something holds; for what needs no time, only turns. */
export async function turnUntil(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 500 && !holds(); turns += 1) await new Promise((resolve) => setImmediate(resolve));
}
