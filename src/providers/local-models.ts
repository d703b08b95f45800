import { type Fields, isFields } from "../parse-json.ts";

/** A model that a local server could answer with. */
export interface LocalModel {
  /** As the server calls it. */
  readonly name: string;
  /** Whether it is in memory; else the server loads it when it is asked. */
  readonly isLoaded: boolean;
  /** Its window in tokens, as it is loaded; `undefined`: the server does not say. */
  readonly window?: number | undefined;
}

/** Where a kind of local server says which models it has, and what its lists mean. */
export interface ModelSource {
  /** As people know it. */
  readonly title: string;
  /** Where it listens, unless somebody changed that. */
  readonly baseURL: string;
  /** The lists to look at, all of them at once. `root`: the base URL without its `/v1`. */
  urls(root: string, baseURL: string): readonly string[];
  /** The models that can answer a chat. `answers`: the lists in the same order, as far as they came; `undefined`: none is a list. */
  read(answers: readonly unknown[]): readonly LocalModel[] | undefined;
  /** What to do where it runs and has no model. */
  none(root: string): string;
}

export const LM_STUDIO: ModelSource = {
  title: "LM Studio",
  baseURL: "http://127.0.0.1:1234/v1",
  urls: (root, baseURL) => [`${root}/api/v0/models`, `${baseURL}/models`],
  read: readLMStudio,
  none: (root) =>
    `LM Studio is running at ${root}, and no model is loaded: load one there, or run \`lms load <model>\`.`,
};

export const OLLAMA: ModelSource = {
  title: "Ollama",
  baseURL: "http://127.0.0.1:11434/v1",
  urls: (root) => [`${root}/api/ps`, `${root}/api/tags`],
  read: readOllama,
  none: (root) => `Ollama is running at ${root}, and has no model: run \`ollama pull deepseek-r1:8b\`.`,
};

export const LLAMA_CPP: ModelSource = {
  title: "llama.cpp",
  // Newer versions listen on 9931: https://github.com/ggml-org/llama.cpp/pull/26508
  baseURL: "http://127.0.0.1:8080/v1",
  urls: (root, baseURL) => [`${baseURL}/models`, `${root}/props`],
  read: readOpenAIModels,
  none: (root) =>
    `llama.cpp is running at ${root}, and has no model: start it with one, as in \`llama-server -m model.gguf\`.`,
};

export const VLLM: ModelSource = {
  title: "vLLM",
  baseURL: "http://127.0.0.1:8000/v1",
  urls: (_, baseURL) => [`${baseURL}/models`],
  read: readOpenAIModels,
  none: (root) => `vLLM is running at ${root}, and has no model: start it with one, as in \`vllm serve <model>\`.`,
};

/**
 * The model that answers: the one that was requested, if the server has it; else one that is in memory before one that must be
 * loaded, one of DeepSeek's before others, and the first by name.
 */
export function chooseModel(models: readonly LocalModel[], requested: string): LocalModel | undefined {
  // Ollama means the latest one where no tag is named.
  const named = models.find(({ name }) => name === requested || name === `${requested}:latest`);
  if (named) return named;
  const rank = ({ name, isLoaded }: LocalModel) => (isLoaded ? 0 : 2) + (/deepseek/i.test(name) ? 0 : 1);
  return models.reduce<LocalModel | undefined>((best, model) => {
    if (!best) return model;
    const ahead = rank(best) - rank(model);
    return ahead > 0 || (ahead === 0 && model.name < best.name) ? model : best;
  }, undefined);
}

/**
 * Its own list says what is loaded; the one everybody has says what it would load when asked: with just-in-time loading all there
 * is, else only what is loaded. https://lmstudio.ai/docs/developer/rest/endpoints, https://lmstudio.ai/docs/developer/core/headless
 */
function readLMStudio([own, usual]: readonly unknown[]): readonly LocalModel[] | undefined {
  const entries = entriesOf(own, "data");
  const served = readOpenAIModels([usual]);
  if (!entries) return served;
  const servable = new Set(served?.map(({ name }) => name));
  return distinct(
    entries.flatMap((entry) => {
      const { type, state, loaded_context_length: window } = entry;
      const name = nameIn(entry, "id");
      const isChat = type === undefined ? isChatName(name) : type === "llm" || type === "vlm";
      const isLoaded = state === undefined || state === "loaded";
      if (name === undefined || !isChat || !(isLoaded || servable.has(name))) return [];
      return [{ name, isLoaded, window: isLoaded ? tokensIn(window) : undefined }];
    }),
  );
}

/**
 * What runs has its window beside it. Models of Ollama's cloud stand in the same list: a conversation that was meant for this
 * machine must not leave it because of that. https://github.com/ollama/ollama/blob/main/docs/api.md
 */
function readOllama([running, installed]: readonly unknown[]): readonly LocalModel[] | undefined {
  const [loaded, all] = [entriesOf(running, "models"), entriesOf(installed, "models")];
  if (!loaded && !all) return undefined;
  // Only the list of what is installed tells abilities.
  const able = new Map(all?.map((entry) => [nameOfOllama(entry), isChatOfOllama(entry)]));
  const models = (entries: readonly Fields[], isLoaded: boolean) =>
    entries.flatMap((entry): LocalModel[] => {
      const name = nameOfOllama(entry);
      if (name === undefined || !(able.get(name) ?? isChatOfOllama(entry))) return [];
      return [{ name, isLoaded, window: isLoaded ? tokensIn(entry["context_length"]) : undefined }];
    });
  return distinct([...models(loaded ?? [], true), ...models(all ?? [], false)]);
}

function nameOfOllama(entry: Fields): string | undefined {
  return nameIn(entry, "model") ?? nameIn(entry, "name");
}

function isChatOfOllama(entry: Fields): boolean {
  const { capabilities, details, remote_host: host, remote_model: model } = entry;
  const name = nameOfOllama(entry);
  if (host || model || /[:-]cloud$/.test(name ?? "")) return false;
  if (Array.isArray(capabilities) && capabilities.length > 0) return capabilities.includes("completion");
  const family = isFields(details) ? details["family"] : undefined;
  return isChatName(name) && !(typeof family === "string" && family.slice(0, 100).includes("bert"));
}

/**
 * The list all of them have. vLLM names the window of each model; llama.cpp that of the one it was started with, in its list or in
 * its properties (`/props`), and as a router which ones it has loaded.
 */
function readOpenAIModels([list, properties]: readonly unknown[]): readonly LocalModel[] | undefined {
  const entries = entriesOf(list, "data");
  const settings = isFields(properties) ? properties["default_generation_settings"] : undefined;
  const started = isFields(settings) && entries?.length === 1 ? tokensIn(settings["n_ctx"]) : undefined;
  return (
    entries &&
    distinct(
      entries.flatMap((entry) => {
        const { max_model_len: longest, meta, status } = entry;
        const name = nameIn(entry, "id");
        if (name === undefined || !isChatName(name)) return [];
        const state = isFields(status) ? status["value"] : undefined;
        const window = tokensIn(longest) ?? started ?? (isFields(meta) ? tokensIn(meta["n_ctx"]) : undefined);
        return [{ name, isLoaded: state === undefined || state === "loaded", window }];
      }),
    )
  );
}

/** Nobody has more. */
const MAX_ENTRIES = 10_000;
const MAX_NAME_CHARS = 256;
const MAX_TOKENS = 1e9;

function entriesOf(json: unknown, key: "data" | "models"): readonly Fields[] | undefined {
  const list = isFields(json) ? json[key] : undefined;
  return Array.isArray(list) ? list.slice(0, MAX_ENTRIES).filter(isFields) : undefined;
}

/** A name that can be sent, and shown in messages and reports. */
function nameIn(entry: Fields, key: "id" | "model" | "name"): string | undefined {
  const name = entry[key];
  if (typeof name !== "string" || name.length > MAX_NAME_CHARS || name.trim() !== name) return undefined;
  return name === "" || /[\p{C}\p{Zl}\p{Zp}]/u.test(name) ? undefined : name;
}

function tokensIn(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= MAX_TOKENS ? value : undefined;
}

/** Models that only embed or rank, by the names they go by. */
const NO_CHAT = /embed|rerank|(?:^|[/_-])(?:bge|e5|gte|all-minilm)(?=[-_.:]|$)/i;

function isChatName(name: string | undefined): boolean {
  return name !== undefined && !NO_CHAT.test(name);
}

/** The first of each name: what is loaded comes before. */
function distinct(models: readonly LocalModel[]): readonly LocalModel[] {
  const seen = new Map<string, LocalModel>();
  for (const model of models) if (!seen.has(model.name)) seen.set(model.name, model);
  return [...seen.values()];
}
