import { passingProbes } from "./facts/along-the-way.ts";
import { answerProbes } from "./facts/answers.ts";
import { errorProbes } from "./facts/errors.ts";
import { messageProbes } from "./facts/messages.ts";
import { modelProbes } from "./facts/models.ts";
import { prefixProbes } from "./facts/prefix.ts";
import { ruleProbes } from "./facts/rules.ts";
import { thinkingProbes } from "./facts/thinking.ts";
import { toolProbes } from "./facts/tools.ts";
import type { Probe } from "./probe.ts";

/** In the order they are asked: those that look back come last. */
export const allProbes: readonly Probe[] = [
  ...modelProbes,
  ...thinkingProbes,
  ...prefixProbes,
  ...messageProbes,
  ...ruleProbes,
  ...toolProbes,
  ...answerProbes,
  ...errorProbes,
  ...passingProbes,
];

/** What stays open: no cheap request can tell. */
export const NOT_ASKED: readonly string[] = [
  "What is charged when a client leaves in the middle: the balance is told in cents, an answer costs less.",
  "How much may be answered by default while thinking (64K, 128K with effort max): filling that costs dimes.",
  "Whether temperature and top_p have an effect: that takes statistics, and the client sends both as they are.",
  "How a refusal ends a stream under safety_check high: that takes a prompt that is refused.",
  "The bodies of 402, 429, 500 and 503, and finish reasons like insufficient_system_resource: nobody can order them.",
  "The limit of concurrent requests, and how it shrinks with the balance: that takes hundreds at once.",
  "When a queue is closed (10 minutes), and silences inside long thinking: they have to happen.",
  "The window in tokens, unless a max_tokens that is too large makes the server name it: a million tokens are not cheap.",
  "When retired names end, and what deepseek-v4-pro will be: DeepSeek's to announce.",
  "/responses, /files (64 or 128 MiB each), server tools and the Anthropic format: this client does not use them.",
  "What hosts other than DeepSeek do.",
];
