import type { AttemptCall } from "../call.ts";
import { aString, type Check, oneOf, refuse, type Shape } from "../check-shape.ts";
import { isFields } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import type { ChunkDecoder } from "../transport/chunk-source.ts";
import { detailsOf, type FailureContext } from "../transport/failure-context.ts";
import { byHostWords } from "./classify-host-failure.ts";
import type { Dialect } from "./dialect.ts";
import type { HostLink } from "./find-model.ts";
import { keysIn } from "./header-secrets.ts";
import {
  API_KEY,
  type ApiKey,
  checkBaseURL,
  checkHeaders,
  commonFields,
  findKey,
  HEADERS,
  isLocal,
  modelNames,
} from "./host-options.ts";
import {
  ABILITIES,
  type Abilities,
  GOES_NOT_ON,
  type HostTimeouts,
  missingAbility,
  missingEndpoint,
  ONLY_CHAT,
  type Provider,
  type ProviderOptions,
  withAbilities,
} from "./provider.ts";
import { readFinish } from "./read-finish.ts";
import { createRunAttempt } from "./run-attempt.ts";
import { createSayRequest } from "./say-request.ts";
import { separateThinking, type ThinkTags } from "./separate-thinking.ts";
import { createDecoder } from "./wire-format.ts";

/** What all hosts have in common that speak the OpenAI chat completions protocol. */
export interface CompatibleOptions extends ProviderOptions {
  /** The host's key, or a function that fetches it. */
  readonly apiKey?: ApiKey | undefined;
  /** Everything before `/chat/completions`, as in `https://host.example/v1`. */
  readonly baseURL?: string | undefined;
  /** The one model this host is asked for, whatever the request says. */
  readonly model?: string | undefined;
  /** The host's own names: `{ "deepseek-flash": "deepseek/deepseek-v4.1-flash" }`. Others are sent as requested. */
  readonly models?: Readonly<Record<string, string>> | undefined;
  /** What the host can do; requests that need more skip it. @defaultValue all but images, going on with an answer, and the endpoints `fim` and `balance` */
  readonly abilities?: Partial<Abilities> | undefined;
  /** The window of its models in tokens, or of each by the host's own name. A whole number from 1. @defaultValue what is known of its models; else it is asked, and may refuse */
  readonly contextWindow?: number | Readonly<Record<string, number>> | undefined;
  /** Sent with every request; never `authorization`, `cookie`, `host` or `content-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How thinking is marked that comes inside the text. `auto`: by `<think>` at its beginning, or by a lone `</think>`
   * at its end; `implicit`: it begins without a tag; `none`: text is text. Where the host separates thinking by
   * itself this does nothing. @defaultValue "auto"
   */
  readonly thinkTags?: ThinkTags | undefined;
}

const aNameTable: Check = (value, label) => {
  const names = isFields(value) ? Object.values(value) : [0];
  if (!names.every((name) => typeof name === "string")) refuse(label, "an object of model names", value);
};

const aWindow: Check = (value, label) => {
  const isWindow = (window: unknown) => typeof window === "number" && Number.isInteger(window) && window > 0;
  if (isFields(value)) {
    if (!Object.values(value).every(isWindow)) refuse(label, "an object of whole numbers of tokens from 1", value);
  } else if (!isWindow(value)) refuse(label, "a whole number of tokens from 1", value);
};

const OPTIONS: Readonly<Record<keyof Omit<CompatibleOptions, keyof ProviderOptions>, Check>> = {
  baseURL: aString,
  apiKey: API_KEY,
  model: aString,
  models: aNameTable,
  abilities: ABILITIES,
  contextWindow: aWindow,
  headers: HEADERS,
  thinkTags: /* @__PURE__ */ oneOf("auto", "implicit", "none"),
};

const FREE = { promptUsd: 0, completionUsd: 0 };
/** What most hosts can do. */
const USUAL: Abilities = {
  tools: "functions",
  forcedTools: true,
  json: true,
  thinking: true,
  images: false,
  ...GOES_NOT_ON,
  ...ONLY_CHAT,
  models: true,
};

/** A local server may load a model before it answers, which takes minutes. */
const LOCAL: HostTimeouts = { headersMs: 600_000 };

/**
 * `own`: options of this host alone; `around`: what stands around its provider.
 * @throws InvalidOptionsError when an option is out of range, or a key would travel over plain HTTP.
 */
export function compatibleHost(
  options: CompatibleOptions,
  dialect: Dialect,
  own: Shape = {},
  around: (provider: Provider, link: HostLink) => Provider = (provider) => provider,
): Provider {
  const { name, models, protocol, finishReasons } = dialect;
  const facts = new Map(Object.entries(models.facts ?? {}));
  // Known only once the address is checked, and asked only then.
  const price = (model: string) => (isLocal(baseURL) ? FREE : facts.get(model)?.price);
  const common = commonFields(name, options, { ...OPTIONS, ...own }, price);
  // A key from a variable that is not set: better to skip the host than to be refused by it.
  const isGiven = Object.hasOwn(options, "apiKey");
  const usesKey = isGiven || dialect.keyVariable !== undefined;
  const headers = checkHeaders(name, options.headers);
  // Some hosts take their key in a header of another name: it is one all the same.
  const sendsKey = usesKey || keysIn(headers).length > 0;
  const baseURL = checkBaseURL(name, options.baseURL ?? dialect.baseURL, sendsKey);
  const given = isGiven && !dialect.keyVariable ? (options.apiKey ?? "") : options.apiKey;
  const key = findKey(name, given, dialect.keyVariable);
  const abilities = withAbilities({ ...USUAL, ...dialect.abilities }, options.abilities);
  const model = modelNames(options.model, { ...models.names, ...options.models });
  const windows = windowsOf(options.contextWindow);
  const provider: Provider = {
    ...common,
    abilities,
    hostTimeouts: isLocal(baseURL) ? LOCAL : {},
    keepAlives: dialect.keepAlives,
    usesKey: sendsKey,
    keyVariable: dialect.keyVariable,
    hasNewKey: key.isNew,
    tellsCost: dialect.tellsCost === true && options.price === undefined,
    dropsEmptyThinking: (dialect.earlierThinking ?? "reasoning_content") !== "reasoning_content",
    model,
    window: (asked) => windows(asked) ?? facts.get(asked)?.window,
    unable(call) {
      const missing = missingEndpoint(call, abilities);
      if (missing || (usesKey && !key.isKnown())) return missing ?? "no_key";
      const images = options.abilities?.images ?? facts.get(model(call.request.model))?.images ?? abilities.images;
      return missingAbility(call.request, { ...abilities, images }) ?? dialect.unsaid?.(call.request);
    },
    send: createRunAttempt({
      name,
      url: (_, endpoint) =>
        !endpoint && protocol ? protocol.url(baseURL) : baseURL + (endpoint?.path ?? "/chat/completions"),
      key: key.read,
      onRefused: key.refuse,
      headers,
      asksForUsage: dialect.usage !== "unasked",
      requestIdHeader: dialect.requestIdHeader ?? "x-request-id",
      readFinish: finishReasons && ((decoder) => readFinish(decoder, finishReasons)),
      classifyByWord: byHostWords(dialect.failures),
      createDecoder: (call, context) => decoderOf(dialect, options.thinkTags, call, context),
      encode: createSayRequest(dialect),
      protocol,
    }),
  };
  return around(provider, { name, baseURL, headers, key });
}

/** The window that was given for a model. */
export function windowsOf(given: CompatibleOptions["contextWindow"]): (model: string) => number | undefined {
  // Ollama asks before it is checked.
  if (typeof given !== "object" || given === null) return () => given;
  const windows = new Map(Object.entries(given));
  return (model) => windows.get(model);
}

function decoderOf(
  dialect: Dialect,
  given: ThinkTags | undefined,
  { delivered, model, continued, request, random }: AttemptCall,
  context: FailureContext,
): ChunkDecoder {
  const usual = given ?? dialect.thinkTags?.(model) ?? "auto";
  // Behind text no template opens the thinking.
  const isBehindText = (continued === "prefix" || continued === "prefill") && request.messages.at(-1)?.content;
  const tags = usual === "implicit" && isBehindText ? "auto" : usual;
  const plain = dialect.protocol?.createDecoder(context, random) ?? createDecoder(context);
  const decoder = dialect.finishReasons ? readFinish(plain, dialect.finishReasons) : plain;
  if (tags === "none") return decoder;
  const isUnseen = () => delivered().reader === "whole";
  return separateThinking(decoder, { tags, isUnseen, who: whoIs(context), details: detailsOf(context) });
}
