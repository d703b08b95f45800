import { expect } from "vitest";
import {
  type CallOptions,
  createResilientClient,
  deepseek,
  openaiCompatible,
  type Report,
  ResilientClientError,
  type StreamPart,
} from "../../src/index.ts";
import { splitTokens } from "../../src/testing/compose-answer.ts";
import {
  createSimulator,
  createVirtualClock,
  type Fault,
  type Simulator,
  seededRandom,
} from "../../src/testing/index.ts";

const KEY = "sk-trial-0123456789abcdef";
const trialParams = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;

export interface Tally {
  right: number;
  /** Typed errors, by code, each with the true partial. */
  readonly failed: Map<string, number>;
  /** Of all right answers, as a server would count them. */
  neededTokens: number;
}

/** A client over simulators in memory: the first goes on with an answer, the others can only start again. */
export function trialWorld(faults: readonly (readonly Fault[])[], seed: number, options: CallOptions = {}) {
  const clock = createVirtualClock();
  const timing = { headersMs: 40, headMs: 300, tokenMs: 25 };
  const simulators = faults.map((own, index) =>
    createSimulator({ clock, seed: seed + index, faults: own, timing, answerTokens: 80 }),
  );
  const [first, ...others] = simulators.map((_, index) => `https://p${index}.test`);
  const { signal: _, providers: __, ...given } = options;
  const client = createResilientClient({
    clock,
    random: seededRandom(seed),
    fetch: (input, init) => (simulators[Number(new URL(String(input)).hostname[1])] as Simulator).fetch(input, init),
    providers: [
      deepseek({ apiKey: KEY, baseURL: first }),
      ...others.map((baseURL, index) =>
        openaiCompatible({ name: `backup${index}`, apiKey: KEY, baseURL, keepAlives: true }),
      ),
    ],
    ...given,
  });
  return { clock, simulators, client };
}

/** How a call is read: what it was given is noted piece by piece. */
export type Reading = "create" | "text" | "chunks" | "parts";

/** Makes one call and judges it: right, or a typed error with the true partial. Throws for anything else. */
export async function judgeCall(world: ReturnType<typeof trialWorld>, reading: Reading, tally: Tally): Promise<void> {
  const { client, simulators, clock } = world;
  let seen = "";
  let report: Report | undefined;
  const call = async () => {
    if (reading === "create") {
      const { data, report: told } = await client.chat.completions.create(trialParams).withReport();
      report = told;
      return data;
    }
    const stream = client.chat.completions.stream(trialParams);
    try {
      if (reading === "text") for await (const text of stream.textStream()) seen += text;
      if (reading === "chunks") for await (const { choices } of stream) seen += choices[0]?.delta.content ?? "";
      if (reading === "parts") for await (const part of stream.parts()) seen = afterPart(seen, part);
      return await stream.finalChatCompletion();
    } finally {
      report = stream.report;
    }
  };
  try {
    const { choices } = await clock.run(call());
    const text = choices[0]?.message.content ?? "";
    const thoughts = choices[0]?.message.reasoning_content ?? "";
    expect(
      simulators.some((simulator) => simulator.isWholeAnswer(text)),
      `wrong: ${JSON.stringify(text)}`,
    ).toBe(true);
    expect(isThought(simulators, thoughts, text), `wrong thinking: ${JSON.stringify(thoughts)}`).toBe(true);
    if (reading !== "create") expect(seen).toBe(text);
    const places = report?.seams.map(({ atChar }) => atChar) ?? [];
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    tally.right += 1;
    tally.neededTokens += splitTokens(text).length + splitTokens(thoughts).length;
  } catch (error) {
    if (!ResilientClientError.isInstance(error)) throw error;
    const partial = error.partial?.content ?? "";
    if (reading !== "create") expect(partial).toBe(seen);
    expect(isBeginning(simulators, partial), `wrong partial: ${JSON.stringify(partial)}`).toBe(true);
    tally.failed.set(error.code, (tally.failed.get(error.code) ?? 0) + 1);
  }
}

function afterPart(seen: string, part: StreamPart): string {
  if (part.type === "reset") return "";
  if (part.type === "seam") expect(part.atChar).toBe(seen.length);
  return part.type === "text-delta" ? seen + part.text : seen;
}

function isBeginning(simulators: readonly Simulator[], text: string): boolean {
  return simulators.some(({ requests }) => wholes(requests).some((answer) => answer.startsWith(text)));
}

/** What was said by a request and the prefix it went on from. */
function wholes(requests: Simulator["requests"]): string[] {
  return requests.map(({ body, answer }) => prefixOf(body).content + (answer?.content ?? ""));
}

function isThought(simulators: readonly Simulator[], thoughts: string, text: string): boolean {
  return simulators.some(({ requests }) =>
    requests.some(({ body, answer }) => {
      const prefix = prefixOf(body);
      return (
        prefix.reasoning + (answer?.reasoning ?? "") === thoughts && prefix.content + (answer?.content ?? "") === text
      );
    }),
  );
}

function prefixOf(body: Simulator["requests"][number]["body"]): { content: string; reasoning: string } {
  const last = body.messages?.at(-1);
  if (last?.role !== "assistant") return { content: "", reasoning: "" };
  return { content: String(last.content ?? ""), reasoning: String(last["reasoning_content"] ?? "") };
}
