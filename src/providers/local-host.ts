import type { AttemptCall, Send } from "../call.ts";
import type { Shape } from "../check-shape.ts";
import { ConnectionError } from "../error-family.ts";
import { restateError } from "../errors.ts";
import { type CompatibleOptions, compatibleHost } from "./compatible-host.ts";
import { DEEPSEEK_ALONE, type Dialect, NO_MODELS } from "./dialect.ts";
import { addV1, rootOf } from "./find-model.ts";
import type { ModelSource } from "./local-models.ts";
import type { Provider } from "./provider.ts";
import type { ThinkTags } from "./separate-thinking.ts";
import { withFoundModel } from "./with-found-model.ts";

/** Options of `lmStudio()`, `ollama()`, `llamaCpp()` and `vllm()`. */
export interface LocalHostOptions extends CompatibleOptions {
  /** A key, only where something in front of it asks for one. @defaultValue none */
  readonly apiKey?: CompatibleOptions["apiKey"];
  /** Where it listens; `/v1` is added where there is no path. @defaultValue LM Studio: `http://127.0.0.1:1234/v1`; Ollama: `http://127.0.0.1:11434/v1`; llama.cpp: `http://127.0.0.1:8080/v1`; vLLM: `http://127.0.0.1:8000/v1` */
  readonly baseURL?: string | undefined;
  /**
   * The one model this host is asked for, whatever the request says. @defaultValue the requested one, where the server has it; else
   * one that is loaded before one the server would load, DeepSeek's before others, the first by name
   */
  readonly model?: string | undefined;
  /** The window of its models in tokens, or of each by its name. @defaultValue what the server says of the model that was found; else unknown */
  readonly contextWindow?: CompatibleOptions["contextWindow"];
}

/** Models whose templates open the thinking themselves, so that only its end is marked. */
const THINKS_AT_ONCE = /deepseek-r1|r1-distill|qwq|thinking/i;

/** How a server marks thinking that leaves it in the text. */
export function thinkTagsOf(model: string): ThinkTags {
  return THINKS_AT_ONCE.test(model) ? "implicit" : "auto";
}

/** `own`: options that this host alone has. */
export function localHost(
  source: ModelSource,
  options: LocalHostOptions,
  dialect: Omit<Dialect, "models" | "baseURL">,
  own: Shape = {},
): Provider {
  const { baseURL } = source;
  const name = options?.name ?? dialect.name;
  const given = typeof options?.baseURL === "string" ? { ...options, baseURL: addV1(options.baseURL) } : options;
  const leftOut = [...DEEPSEEK_ALONE, ...(dialect.leftOut ?? [])];
  return compatibleHost(given, { ...dialect, name, baseURL, leftOut, models: NO_MODELS }, own, (provider, link) => {
    // An empty name is a variable that is not set.
    const isNamed = options.model || Object.keys(options.models ?? {}).length > 0;
    const host = isNamed ? provider : withFoundModel(provider, source, link);
    return { ...host, send: tellToStart(host.send, source.title, rootOf(link.baseURL)) };
  });
}

/** Most often, a local server that is not reached was not started. */
function tellToStart(send: Send<AttemptCall>, title: string, root: string): Send<AttemptCall> {
  return (call) =>
    send(call).catch((error: unknown) => {
      if (!ConnectionError.isInstance(error) || error.provider === undefined) throw error;
      const { code, message = "no connection" } = (error.cause ?? {}) as { code?: string; message?: string };
      // What failed for another reason than that nobody listens has words of its own. Not every runtime gives a code.
      if (code !== undefined && code !== "ECONNREFUSED") throw error;
      throw restateError(error, `${title} does not answer at ${root} (${code ?? message}): start its server.`, {});
    });
}
