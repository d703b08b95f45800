import {
  type Abilities,
  type ChatCompletionChunk,
  type ChatRequest,
  type ChoiceLogprobs,
  type ChunkDelta,
  custom,
  type Provider,
  StreamInterruptedError,
  type Usage,
} from "../../src/index.ts";

/** One answer, word for word. */
export interface Turn {
  /** A text is a piece of the answer. */
  readonly says: readonly (string | ChunkDelta)[];
  /** The finish reason; `cut`: it breaks off without one. */
  readonly ends: string;
  readonly usage?: Usage;
  /** Of each piece. */
  readonly logprobs?: (text: string) => ChoiceLogprobs;
}

export interface ScriptedHost {
  readonly provider: Provider;
  /** What it was asked, in order. */
  readonly requests: ChatRequest[];
}

const GOES_ON: Partial<Abilities> = { prefix: true, reasoningPrefix: true };

/** A host that says exactly this, one turn a request; for what the simulator never says. It goes on by prefix. */
export function scriptedHost(turns: readonly Turn[], name = "scripted", abilities = GOES_ON): ScriptedHost {
  const requests: ChatRequest[] = [];
  const provider = custom({
    name,
    abilities,
    async *send(request) {
      const turn = turns[requests.length];
      requests.push(request);
      if (!turn) throw new Error("asked more often than the script is long");
      yield* speak(turn, `${name}-${requests.length}`, requests.length);
      if (turn.ends === "cut") throw new StreamInterruptedError("cut");
    },
  });
  return { provider, requests };
}

function* speak({ says, ends, usage, logprobs }: Turn, id: string, created: number): Iterable<ChatCompletionChunk> {
  const chunk = (delta: ChunkDelta, finish: string | null = null): ChatCompletionChunk => ({
    id,
    object: "chat.completion.chunk",
    created,
    model: "deepseek-flash",
    choices: [
      { index: 0, delta, finish_reason: finish, logprobs: (delta.content && logprobs?.(delta.content)) || null },
    ],
  });
  yield chunk({ role: "assistant", content: "" });
  for (const said of says) yield chunk(typeof said === "string" ? { content: said } : said);
  if (ends !== "cut") yield { ...chunk({ content: "" }, ends), ...(usage && { usage }) };
}
