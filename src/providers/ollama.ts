import { oneOf, refuse, type Shape } from "../check-shape.ts";
import { InvalidOptionsError } from "../error-family.ts";
import { readLines } from "../transport/read-lines.ts";
import { windowsOf } from "./compatible-host.ts";
import type { Dialect } from "./dialect.ts";
import { encodeForOllama, unsaidByOllama } from "./encode-for-ollama.ts";
import { type LocalHostOptions, localHost } from "./local-host.ts";
import { OLLAMA } from "./local-models.ts";
import { createOllamaDecoder } from "./ollama-decoder.ts";
import type { Provider } from "./provider.ts";

/** Options of `ollama()`. */
export interface OllamaOptions extends LocalHostOptions {
  /** Where it listens; `/v1` is added where there is no path, and with `route: "native"` makes no difference. @defaultValue `http://127.0.0.1:11434/v1` */
  readonly baseURL?: string | undefined;
  /**
   * Which of its two protocols is spoken. `openai`: chat completions, which cut a prompt that is too long without a word. `native`:
   * its own `/api/chat`, where such a prompt is an error (`context_length`), the model runs with `contextWindow`, and
   * `thinking: { type: "enabled" }` reaches it. Needs Ollama 0.12.6 or newer: an older one cuts there, too.
   * @defaultValue "openai"
   */
  readonly route?: "openai" | "native" | undefined;
  /**
   * The window of its models in tokens, or of each by its name. A whole number from 1. With `route: "native"` they are run with it: one
   * that is loaded with another is loaded again.
   * @defaultValue what the server says of the model that was found; else unknown
   */
  readonly contextWindow?: LocalHostOptions["contextWindow"];
  /**
   * How long a model stays loaded after an answer, with `route: "native"`: a duration as in `"30m"`, or seconds; below 0: for ever.
   * @defaultValue the server's own, 5 minutes unless it was told otherwise
   */
  readonly keepAlive?: string | number | undefined;
}

/** Made when it is asked for: a bundle without it has none of it. */
const ownOptions = (): Shape => ({
  route: oneOf("openai", "native"),
  keepAlive: (value, label) => {
    const isDuration = typeof value === "string" && /^-?(?:\d+(?:\.\d+)?(?:ns|us|ms|[smh]))+$/.test(value);
    if (!isDuration && !Number.isFinite(value)) refuse(label, 'a duration as in "30m", or seconds', value);
  },
});

/**
 * Ollama on this machine or another. Without `model`, the model is found in its own list, with the first call and while it runs: one
 * that is loaded, or one that is installed. Models of its cloud are asked only by name.
 *
 * @example
 * createResilientClient({ providers: [deepseek(), ollama()] });
 * createResilientClient({ providers: [deepseek(), ollama({ model: "deepseek-r1:14b" })] });
 * @throws InvalidOptionsError when an option is out of range.
 */
export function ollama(options: OllamaOptions = {}): Provider {
  const dialect: Omit<Dialect, "models" | "baseURL"> = {
    name: "ollama",
    keepAlives: false,
    // Prefill since 0.2.9, where the model's template permits it: https://github.com/ollama/ollama/issues/5890. It passes over
    // what is left out here, and `max_completion_tokens` (openai/openai.go).
    abilities: { prefill: "message", forcedTools: false },
    tokenLimit: "max_tokens",
    leftOut: ["tool_choice", "parallel_tool_calls", "logit_bias", "user"],
    // Its switch is the effort alone: https://github.com/ollama/ollama/blob/main/docs/api/openai-compatibility.mdx
    thinking: { off: { reasoning_effort: "none" }, effort: "reasoning_effort" },
    // It separates thinking by itself, where the model's template says how.
    earlierThinking: "reasoning",
  };
  if (options?.route === "native")
    return localHost(
      OLLAMA,
      { ...options, baseURL: withV1(options.baseURL) },
      onOwnRoute(dialect, options),
      ownOptions(),
    );
  if (options?.keepAlive !== undefined)
    throw new InvalidOptionsError(`${options.name ?? "ollama"}: keepAlive needs route: "native".`);
  return localHost(OLLAMA, options, dialect, ownOptions());
}

/** Its list of models is asked for under `/v1`, whichever route answers. */
function withV1(baseURL: string | undefined): string | undefined {
  return typeof baseURL === "string"
    ? `${baseURL.replace(/(?<!\/)\/+$/, "").replace(/\/(?:v1|api)$/, "")}/v1`
    : baseURL;
}

function onOwnRoute<D extends Omit<Dialect, "models" | "baseURL">>(
  dialect: D,
  { contextWindow, keepAlive }: OllamaOptions,
): D {
  const windows = windowsOf(contextWindow);
  return {
    ...dialect,
    developerRole: false,
    thinking: { on: { think: true }, off: { think: false }, effort: "reasoning_effort" },
    usage: "unasked",
    unsaid: unsaidByOllama,
    protocol: {
      url: (baseURL) => `${baseURL.slice(0, -"/v1".length)}/api/chat`,
      accept: "application/x-ndjson",
      encode: (request, model) => encodeForOllama(request, { contextWindow: windows(model), keepAlive }),
      createDecoder: (context, random) => createOllamaDecoder(context, Math.floor(random() * 2 ** 48).toString(36)),
      read: readLines,
    },
  };
}
