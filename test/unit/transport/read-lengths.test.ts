import { expect, test } from "vitest";
import { readLengths } from "../../../src/transport/read-lengths.ts";

test.each<[string, object]>([
  [
    "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens (131000 in the messages, 9000 in the completion).",
    { max: 131_072, requested: 140_000, prompt: 131_000 },
  ],
  [
    "This model's maximum context length is 40960 tokens. However, you requested 0 output tokens and your prompt contains at least 40961 input tokens, for a total of at least 40961 tokens.",
    { max: 40_960 },
  ],
  [
    "request (2009 tokens) exceeds the available context size (512 tokens), try increasing it",
    { requested: 2_009, max: 512 },
  ],
  [
    "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096).",
    { prompt: 13_055, requested: 13_055, max: 4_096 },
  ],
  [
    "length of prompt_tokens (235121) must be less than max_seq_len (65536).",
    { prompt: 235_121, requested: 235_121, max: 65_536 },
  ],
  [
    "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)",
    { prompt: 9_000, requested: 9_000, max: 8_192 },
  ],
  [
    "The prompt is too long: 208863, model maximum context length: 202752",
    { prompt: 208_863, requested: 208_863, max: 202_752 },
  ],
  ["prompt too long; exceeded max context length by 12 tokens (ref: x)", {}],
  ["Input token count + `max_tokens` parameter must be less than the context length", {}],
  ["Token limit reached", {}],
  ["Input length 98569 exceeds the maximum length 98304.", { prompt: 98_569, requested: 98_569, max: 98_304 }],
  ["Total tokens of image and text exceed max message tokens.", {}],
  ["Context size has been exceeded", {}],
  ["Trying to keep the first 9000 tokens when context the overflows.", {}],
  ["max_tokens must be at least 1, got -186.", {}],
  ["the input length exceeds the context length", {}],
  ["the prompt is longer than the context length currently available to the model; shorten the prompt", {}],
  [
    '{"error":{"code":400,"message":"request (5000 tokens) exceeds the available context size (4096 tokens)","n_ctx":4096}}',
    { requested: 5_000, max: 4_096 },
  ],
])("%s tells of the lengths %o", (message, lengths) => {
  expect(readLengths(message)).toEqual(lengths);
});

test.each(["max_tokens must be at least 1", "the length of the list", "requested 12 tokens", ""])(
  "about something else: %s",
  (message) => {
    expect(readLengths(message)).toBeUndefined();
  },
);
