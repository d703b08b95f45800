// The answers every client is given, and how DeepSeek would write them: as events, or as one JSON body.
const WORDS =
  "the of a to in is and that which queue server answer token while waits when stream breaks not lost because every try " +
  "counts again until time is over one two three 42 3.14 2026";
const MARKS = [".", ",", " (", "```", ".\n\n", "\n- ", ' "', '"'];
const RARE = [" —", "”", "é", " 服务器", " 🙂"];

const words = WORDS.split(" ").map((word) => ` ${word}`);

/**
 * The same pieces for everybody, in a mix like that of recorded English answers: mostly words, one in fourteen something
 * that JSON escapes, and one in 150 no ASCII, which makes the whole read it came in dearer for everybody.
 */
export function answerPieces(count: number): readonly string[] {
  let state = 7;
  const upTo = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % limit;
  };
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return "So";
    const common = upTo(7) === 0 ? MARKS : words;
    const from = upTo(150) === 0 ? RARE : common;
    return from[upTo(from.length)] ?? "";
  });
}

const HEAD = {
  id: "848d59c7-3cc9-4ced-ab98-452077cb79da",
  created: 1_795_000_000,
  model: "deepseek-flash",
  system_fingerprint: "fp_8b330d02d0_prod0820_fp8_kvcache_20260402",
};

function usageOf(pieces: readonly string[]) {
  return {
    prompt_tokens: 12,
    completion_tokens: pieces.length,
    total_tokens: 12 + pieces.length,
    prompt_tokens_details: { cached_tokens: 0 },
    prompt_cache_hit_tokens: 0,
    prompt_cache_miss_tokens: 12,
  };
}

/** One event a piece, between the opening event with the role and the closing one with the finish reason. */
export function answerEvents(pieces: readonly string[]): readonly string[] {
  const { id, created, model, system_fingerprint } = HEAD;
  const event = (delta: object, finish_reason: string | null, rest: object = {}) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
    const chunk = { id, object: "chat.completion.chunk", created, model, system_fingerprint, choices, ...rest };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  };
  return [
    event({ role: "assistant", content: "" }, null),
    ...pieces.map((content) => event({ content }, null)),
    event({ content: "" }, "stop", { usage: usageOf(pieces) }),
    "data: [DONE]\n\n",
  ];
}

export function answerBody(pieces: readonly string[]): string {
  const { id, created, model, system_fingerprint } = HEAD;
  const message = { role: "assistant", content: pieces.join("") };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const usage = usageOf(pieces);
  return JSON.stringify({ id, object: "chat.completion", created, model, choices, usage, system_fingerprint });
}
