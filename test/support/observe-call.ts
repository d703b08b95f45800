import { expect } from "vitest";
import type {
  CallOptions,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionParams,
  Report,
  ResilientClientError,
  StreamPart,
} from "../../src/index.ts";
import type { SimulatedRequest, Simulator } from "../../src/testing/index.ts";
import type { World } from "./busy-world.ts";

const PARAMS = { model: "deepseek-flash", messages: [{ role: "user", content: "Hello, who waits?" }] } as const;

/** How an answer is read. */
export const READINGS = ["create", "text", "chunks", "parts"] as const;
export type Reading = (typeof READINGS)[number];

/** Everything a caller was given, however it ended. */
export interface Observed {
  /** Put together from what was given piece by piece; of `create`, from the completion. */
  readonly text: string;
  readonly thinking: string;
  readonly chunks: readonly ChatCompletionChunk[];
  readonly parts: readonly StreamPart[];
  /** Undefined for a failure. */
  readonly completion: ChatCompletion | undefined;
  /** Undefined for a success; whatever was thrown, otherwise. */
  readonly error: ResilientClientError | undefined;
  readonly report: Report;
  /** From the call to its end, on the world's clock. */
  readonly tookMs: number;
}

/** What a call is made in: a world, or a client over a real network. */
export type Place = Pick<World, "client" | "events" | "run"> & { readonly clock: { now(): number } };

interface Asked {
  readonly params?: ChatCompletionParams;
  readonly options?: CallOptions;
}

/** Makes one call, reads it to its end, and checks at every step that `stream.partial` is what was given. */
export async function observe(world: Place, reading: Reading, asked: Asked = {}): Promise<Observed> {
  const startedAt = world.clock.now();
  const seen = { text: "", thinking: "", chunks: [] as ChatCompletionChunk[], parts: [] as StreamPart[] };
  const told: { completion?: ChatCompletion; error?: unknown; report?: Report } = {};
  const error = await world.run(read(world, reading, asked, seen, told)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const tookMs = world.clock.now() - startedAt;
  const { completion } = told;
  const report = told.report ?? lastReport(world);
  if (reading === "create" && completion) {
    seen.text = completion.choices[0]?.message.content ?? "";
    seen.thinking = completion.choices[0]?.message.reasoning_content ?? "";
  }
  // Whoever compares the code of something else sees it is none of ours.
  return { ...seen, completion, error: error as ResilientClientError | undefined, report, tookMs };
}

type Seen = { -readonly [K in "text" | "thinking"]: string } & {
  readonly chunks: ChatCompletionChunk[];
  readonly parts: StreamPart[];
};

async function read(
  { client }: Place,
  reading: Reading,
  { params: given = PARAMS, options = {} }: Asked,
  seen: Seen,
  told: { completion?: ChatCompletion; report?: Report },
): Promise<void> {
  const { stream: _, ...request } = given;
  if (reading === "create") {
    const { data, report } = await client.chat.completions.create({ ...request, stream: false }, options).withReport();
    Object.assign(told, { completion: data, report });
    return;
  }
  const stream = client.chat.completions.stream(given, options);
  // Asked for every piece: `expect` takes longer than the client.
  const isInStep = () => {
    if (stream.partial.content !== seen.text) expect(stream.partial.content).toBe(seen.text);
  };
  try {
    if (reading === "text") {
      for await (const text of stream.textStream()) {
        seen.text += text;
        isInStep();
      }
    }
    if (reading === "chunks") {
      for await (const chunk of stream) {
        seen.chunks.push(chunk);
        seen.text += chunk.choices[0]?.delta.content ?? "";
        seen.thinking += chunk.choices[0]?.delta.reasoning_content ?? "";
        isInStep();
        expect(stream.partial.reasoning_content).toBe(seen.thinking);
      }
    }
    if (reading === "parts") {
      for await (const part of stream.parts()) {
        notePart(seen, part);
        // The text of a chunk comes after its thinking.
        if (part.type === "text-delta") isInStep();
        else expect(stream.partial.content.startsWith(seen.text)).toBe(true);
      }
    }
    told.completion = await stream.finalChatCompletion();
  } finally {
    told.report = stream.report;
  }
}

function notePart(seen: Seen, part: StreamPart): void {
  seen.parts.push(part);
  if (part.type === "reset") [seen.text, seen.thinking] = ["", ""];
  if (part.type === "seam") expect(part.atChar).toBe(seen.text.length);
  if (part.type === "text-delta") seen.text += part.text;
  if (part.type === "reasoning-delta") seen.thinking += part.text;
}

/** Of a plain call that failed: its events tell. */
function lastReport({ events }: Place): Report {
  const last = events.findLast(({ type }) => type === "call-end");
  return (last as Extract<typeof last, { type: "call-end" }>).report;
}

/**
 * The answer is whole, character by character, what was given piece by piece is that answer, and whatever was gone on
 * from is what had been said before: nothing was lost, repeated or spliced.
 */
export function expectRight(observed: Observed, ...hosts: readonly Simulator[]): void {
  const { completion, error, text, thinking } = observed;
  expect(error, String(error)).toBeUndefined();
  const message = completion?.choices[0]?.message;
  expect(text).toBe(message?.content);
  expect(
    hosts.some((host) => host.isWholeAnswer(text)),
    `no whole answer: ${JSON.stringify(text)}`,
  ).toBe(true);
  if (observed.chunks.length > 0) expect(thinking).toBe(message?.reasoning_content ?? "");
  expectTrueChain(...hosts);
}

/** It failed with this code, and the partial is the true beginning of an answer: what the caller was given. */
export function expectTruePartial({ error, text }: Observed, reading: Reading, ...hosts: readonly Simulator[]): string {
  const partial = error?.partial?.content ?? "";
  if (reading !== "create") expect(partial).toBe(text);
  expectBeginning(partial, ...hosts);
  expectTrueChain(...hosts);
  return partial;
}

/** A text is the beginning of one answer, whoever it was said by. */
export function expectBeginning(text: string, ...hosts: readonly Simulator[]): void {
  const wholes = hosts.flatMap(({ requests }) => requests.map(saidInAll));
  expect(
    wholes.some((whole) => whole.startsWith(text)),
    `no true beginning: ${JSON.stringify(text)}`,
  ).toBe(true);
}

/** Each answer that was gone on with is the beginning of one that was said in an earlier request. */
export function expectTrueChain(...hosts: readonly Simulator[]): void {
  const requests = hosts.flatMap((host) => host.requests).toSorted((a, b) => a.atMs - b.atMs);
  for (const [index, request] of requests.entries()) {
    const prefix = prefixOf(request);
    if (!prefix || index === 0) continue;
    const before = requests.slice(0, index).map(saidInAll);
    expect(
      before.some((said) => said.startsWith(prefix.content)),
      `gone on from ${JSON.stringify(prefix.content)}`,
    ).toBe(true);
  }
}

/** What a request goes on from. */
export function prefixOf({ body }: SimulatedRequest): { content: string; reasoning: string } | undefined {
  const last = body.messages?.at(-1);
  if (last?.role !== "assistant") return undefined;
  return { content: String(last.content ?? ""), reasoning: String(last["reasoning_content"] ?? "") };
}

function saidInAll(request: SimulatedRequest): string {
  return (prefixOf(request)?.content ?? "") + (request.answer?.content ?? "");
}

/** Who was asked, why, and what came of it. */
export function attemptsOf({ report }: Pick<Observed, "report">): unknown[] {
  return report.attempts.map(({ provider, kind, outcome, error }) =>
    [provider, kind, outcome, error?.code].filter((field) => field !== undefined),
  );
}
