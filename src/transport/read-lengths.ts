/** What a server said of lengths, in tokens. */
export interface Lengths {
  /** The window. */
  readonly max?: number | undefined;
  /** What was asked for, messages and answer. */
  readonly requested?: number | undefined;
  /** The messages alone. */
  readonly prompt?: number | undefined;
}

type Numbers = readonly (number | undefined)[];
type Rule = readonly [says: RegExp, read: (numbers: Numbers) => Lengths];

/** The words servers have for a prompt that is too long; the first that fits counts, so those with more numbers come first. */
const RULES: readonly Rule[] = [
  // DeepSeek, OpenAI, SGLang, older vLLM.
  [
    /maximum context length is (\d{1,12}) tokens.{0,40}?requested (\d{1,12}) tokens(?: \((\d{1,12}) in the messages)?/i,
    ([max, requested, prompt]) => ({ max, requested, prompt }),
  ],
  // vLLM counts no further than the window, so what it says of the prompt ("at least") is no count.
  [/maximum context length is (\d{1,12}) tokens/i, ([max]) => ({ max })],
  // llama.cpp, also where another server passes its words on as text.
  [
    /request \((\d{1,12}) tokens\) exceeds the available context size \((\d{1,12}) tokens\)/i,
    ([requested, max]) => ({ requested, max }),
  ],
  // LM Studio.
  [/n_keep: (\d{1,12}) ?>= ?n_ctx: (\d{1,12})/i, ([prompt, max]) => ({ prompt, requested: prompt, max })],
  // SiliconFlow.
  [
    /length of prompt_tokens \((\d{1,12})\) must be less than max_seq_len \((\d{1,12})\)/i,
    ([prompt, max]) => ({ prompt, requested: prompt, max }),
  ],
  // Ollama, and Ollama's cloud.
  [
    /input length \((\d{1,12}) tokens\) exceeds the model's maximum context length \((\d{1,12}) tokens\)/i,
    ([prompt, max]) => ({ prompt, requested: prompt, max }),
  ],
  [
    /prompt is too long: (\d{1,12}), model maximum context length: (\d{1,12})/i,
    ([prompt, max]) => ({ prompt, requested: prompt, max }),
  ],
  // Ark.
  [
    /input length (\d{1,12}) exceeds the maximum length (\d{1,12})/i,
    ([prompt, max]) => ({ prompt, requested: prompt, max }),
  ],
  // Without numbers that say anything: OpenRouter's hosts, Ollama, Together, LM Studio, Ark, older vLLM, and whoever says it in such words.
  [
    /maximum context length|input token exceed|prompt too long|token limit (?:reached|exceeded)|context.{0,20}exceeded|context (?:the )?overflows|exceed max message tokens|max_tokens must be at least 1, got -|(?:less than|exceeds|longer than) the (?:model's |available )?context/i,
    () => ({}),
  ],
];

/** What a message says of lengths; `undefined`: it is about something else. */
export function readLengths(message: string): Lengths | undefined {
  for (const [says, read] of RULES) {
    const found = says.exec(message);
    if (found) return read(found.slice(1).map((digits) => (digits === undefined ? undefined : Number(digits))));
  }
  return undefined;
}
