import {
  type ChatCompletion,
  type ClientEvent,
  type ClientOptions,
  createResilientClient,
  deepseek,
  openaiCompatible,
  type Report,
  type ResilientClient,
  StreamInterruptedError,
  schedule,
} from "resilient-deepseek";
import { createSimulator, type Simulator, type SimulatorOptions } from "resilient-deepseek/testing";

/** What takes 5 s in life takes 0.25 s here. */
export const SCALE = 20;

const question = { model: "deepseek-flash", messages: [{ role: "user", content: "Why is the server busy?" }] } as const;
const timing = { headMs: 120, tokenMs: 15, keepAliveMs: 12_000 / SCALE };
/** The patience people recommend for "server busy": 5, 10, 30 s. */
const backoff = schedule([5_000 / SCALE, 10_000 / SCALE, 30_000 / SCALE]);

/** What a scene came to. */
export interface Outcome {
  /** Why it is what it must be, or is not. */
  readonly verdict: string;
  readonly isRight: boolean;
  readonly report: Report;
}

export interface Scene {
  readonly title: string;
  readonly story: string;
  run(stage: Stage): Promise<Outcome>;
}

/** What a scene is played with. */
export interface Stage {
  readonly signal: AbortSignal;
  readonly onEvent: (event: ClientEvent) => void;
  /** Told which servers answer, so that tokens can be shown flowing. */
  readonly onServers: (simulators: readonly Simulator[]) => void;
  /** Told of the client of a crowd, so that its health can be shown. */
  readonly onCrowd: (client: ResilientClient) => void;
}

export const scenes: readonly Scene[] = [
  {
    title: "A healthy answer",
    story: "The server has room: the first token comes, and the rest of the stream.",
    run: (stage) => play(stage, {}, streamed),
  },
  {
    title: "A busy server",
    story: "503 three times. The client waits 5, 10, 30 s (scaled down) and asks again.",
    run: (stage) => play(stage, { script: ["busy", "busy", "busy"] }, streamed),
  },
  {
    title: "Failover",
    story: "DeepSeek is down. The second provider answers at once, without any waiting.",
    run: (stage) => play(stage, { faults: [{ kind: "busy" }] }, streamed, { hasBackup: true }),
  },
  {
    title: "The server's queue",
    story: "HTTP 200, and then only keep-alives. The place in the queue is kept, visibly.",
    run: (stage) => play(stage, { script: [{ kind: "queue", forMs: 2_500 }] }, streamed),
  },
  {
    title: "An outage that ends",
    story: "Nothing can be reached for a while. The call outlives it.",
    run: (stage) => play(stage, { faults: [{ kind: "outage", untilMs: 2_000 }] }, streamed),
  },
  {
    title: "A plain call, cut midway",
    story: "Nobody has seen half of it yet: it goes on where it stopped, and nothing is paid twice.",
    run: (stage) => play(stage, { script: [{ kind: "cut", afterTokens: 25 }] }, plain),
  },
  {
    title: "A stream, cut midway",
    story: "What was shown stays: the next request goes on at that character. The reader sees one answer.",
    run: (stage) => play(stage, { script: [{ kind: "cut", afterTokens: 40 }] }, seamed),
  },
  {
    title: "A host that starts anew",
    story: "It cannot go on, and says something else: a typed error holds the true beginning.",
    run: (stage) => play(stage, { script: [{ kind: "cut", afterTokens: 40 }] }, cutStream, { prefix: false }),
  },
  {
    title: "A crowd of calls",
    story:
      "40 at once, and room for 8 and a queue of 8. The client feels for how many may go, and the others wait their turn. The table shows the last of them.",
    run: (stage) => play(stage, { capacity: { slots: 8, queue: 8 }, answerTokens: 8 }, crowd, { isCrowd: true }),
  },
];

/** So many calls at once ask a server that has room for eight, and for eight more in its queue. */
const CROWD = 40;

type Call = (client: ResilientClient, stage: Stage, servers: readonly Simulator[]) => Promise<Outcome>;

/** Starts the servers, makes the client, plays the call, and closes everything. */
async function play(
  stage: Stage,
  trouble: SimulatorOptions,
  call: Call,
  { hasBackup = false, prefix = true, isCrowd = false } = {},
): Promise<Outcome> {
  await using primary = createSimulator({ ...trouble, seed: 7, timing });
  await using backup = createSimulator({ seed: 8, timing, models: ["backup-model"] });
  const [first, second] = await Promise.all([primary.listen(), backup.listen()]);
  const asked = openaiCompatible({ name: "backup", baseURL: second.url, apiKey: "sk-demo", model: "backup-model" });
  const main = deepseek({ baseURL: first.url, apiKey: "sk-demo", abilities: { prefix } });
  const options: ClientOptions = {
    providers: hasBackup ? [main, asked] : [main],
    retry: { backoff },
    // Of many calls only what they have in common is shown.
    onEvent: (event) => {
      if (!isCrowd || event.type === "limit" || event.type === "breaker") stage.onEvent(event);
    },
  };
  await using client = createResilientClient(options);
  stage.onServers([primary, backup]);
  if (isCrowd) stage.onCrowd(client);
  return await call(client, stage, [primary, backup]);
}

async function streamed(client: ResilientClient, { signal }: Stage, servers: readonly Simulator[]): Promise<Outcome> {
  const stream = client.chat.completions.stream(question, { signal });
  let text = "";
  for await (const piece of stream.textStream()) text += piece;
  return judge(text, await stream.finalChatCompletion(), stream.report, servers);
}

async function plain(client: ResilientClient, { signal }: Stage, servers: readonly Simulator[]): Promise<Outcome> {
  const { data, report } = await client.chat.completions.create(question, { signal }).withReport();
  return judge(data.choices[0]?.message.content ?? "", data, report, servers);
}

async function crowd(client: ResilientClient, { signal }: Stage, servers: readonly Simulator[]): Promise<Outcome> {
  const calls = Array.from({ length: CROWD }, () =>
    client.chat.completions.create({ ...question, thinking: { type: "disabled" } }, { signal }).withReport(),
  );
  const answers = await Promise.all(calls);
  const isRight = answers.every(({ data }) => servers[0]?.isWholeAnswer(data.choices[0]?.message.content ?? ""));
  const requests = servers[0]?.requests.length ?? 0;
  const [model] = client.health().providers[0]?.models ?? [];
  const learned = `limit ${model?.limit}, circuit ${model?.circuit}, ${(requests / CROWD).toFixed(2)} requests a call`;
  const reports = answers.map(({ report }) => report).toSorted((a, b) => (a.endedMs ?? 0) - (b.endedMs ?? 0));
  const report = reports.at(-1);
  if (!report) throw new Error("Nobody came.");
  return { isRight, report, verdict: `${isRight ? "all 40 whole" : "NOT all whole"}: ${learned}` };
}

/** Right is one whole answer of the server that gave it, character by character: no splice, nothing missing. */
function judge(text: string, completion: ChatCompletion, report: Report, servers: readonly Simulator[]): Outcome {
  const isWhole = servers.some((server) => server.isWholeAnswer(text));
  const isSame = completion.choices[0]?.message.content === text;
  const isRight = isWhole && isSame;
  return { isRight, report, verdict: isRight ? "whole, character by character" : "NOT one whole answer" };
}

/** Reads the parts, which tell where the answer broke off and went on. */
async function seamed(client: ResilientClient, { signal }: Stage, servers: readonly Simulator[]): Promise<Outcome> {
  const stream = client.chat.completions.stream(question, { signal });
  let text = "";
  const seams: number[] = [];
  for await (const part of stream.parts()) {
    if (part.type === "text-delta") text += part.text;
    if (part.type === "seam") seams.push(part.atChar);
  }
  const outcome = judge(text, await stream.finalChatCompletion(), stream.report, servers);
  const isRight = outcome.isRight && seams.length > 0;
  return { ...outcome, isRight, verdict: `${outcome.verdict}, with a seam at character ${seams.join(", ")}` };
}

async function cutStream(client: ResilientClient, { signal }: Stage, servers: readonly Simulator[]): Promise<Outcome> {
  const stream = client.chat.completions.stream(question, { signal });
  let text = "";
  try {
    for await (const piece of stream.textStream()) text += piece;
  } catch (error) {
    if (!StreamInterruptedError.isInstance(error)) throw error;
    const said = servers[0]?.requests[0]?.answer?.content ?? "";
    const isTrue = text !== "" && said.startsWith(text) && error.partial?.content === text;
    const verdict = isTrue
      ? `${error.code}, with the true first ${text.length} of ${said.length} characters`
      : "a partial text that was never said";
    return { isRight: isTrue, report: stream.report, verdict };
  }
  return { isRight: false, report: stream.report, verdict: "a cut answer passed for a whole one" };
}
