import type { ChatRequest } from "../chat/chat-request.ts";
import { aBoolean, aString, type Check, number, oneOf, refuse } from "../check-shape.ts";
import { isFields } from "../parse-json.ts";
import { whoIs } from "../server-words.ts";
import { detailsOf } from "../transport/failure-context.ts";
import {
  API_KEY,
  type ApiKey,
  checkBaseURL,
  checkHeaders,
  commonFields,
  findKey,
  isLocal,
  KEY_HEADER,
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
import { createRunAttempt } from "./run-attempt.ts";
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
  /** The window of its models in tokens. @defaultValue unknown: it is asked, and may refuse */
  readonly contextWindow?: number | undefined;
  /** Sent with every request; never `authorization`, `cookie`, `host` or `content-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How thinking is marked that comes inside the text. `auto`: by `<think>` at its beginning, or by a lone `</think>`
   * at its end; `implicit`: it begins without a tag; `none`: text is text. Where the host separates thinking by
   * itself this does nothing. @defaultValue "auto"
   */
  readonly thinkTags?: ThinkTags | undefined;
}

/** How one host differs from the others. */
export interface Dialect {
  readonly name: string;
  readonly baseURL: string;
  /** The environment variable that holds its key; `undefined`: it needs none. */
  readonly keyVariable?: string | undefined;
  readonly models: Readonly<Record<string, string>>;
  /** Whether it sends comments or blank lines while a request waits. */
  readonly keepAlives: boolean;
  readonly requestIdHeader: string;
  /** Whether its `usage.cost` is what an answer cost in US dollars. @defaultValue false */
  readonly tellsCost?: boolean | undefined;
  /** Whether it goes on with a last message of the assistant's. @defaultValue false */
  readonly prefill?: Abilities["prefill"] | undefined;
  /** Whether `encode` leaves an empty `reasoning_content` out. @defaultValue false */
  readonly dropsEmptyThinking?: boolean | undefined;
  /** Which tags its models' thinking stands between. */
  thinkTags(model: string): ThinkTags;
  /** The request in the host's own words. */
  encode(request: ChatRequest): ChatRequest;
}

const OPTIONS: Readonly<Record<keyof Omit<CompatibleOptions, keyof ProviderOptions>, Check>> = {
  baseURL: aString,
  apiKey: API_KEY,
  model: aString,
  models: (value, label) => {
    const names = isFields(value) ? Object.values(value) : [0];
    if (!names.every((name) => typeof name === "string")) refuse(label, "an object of model names", value);
  },
  abilities: ABILITIES,
  contextWindow: number("a whole number of tokens from 1", (value) => Number.isInteger(value) && value > 0),
  headers: (value, label) => {
    if (typeof value !== "object" || value === null) refuse(label, "an object", value);
  },
  thinkTags: oneOf("auto", "implicit", "none"),
};

/** Options that only a host which nobody knows has. */
export const UNKNOWN_HOST = { keepAlives: aBoolean };

const FREE = { promptUsd: 0, completionUsd: 0 };
const USUAL: Abilities = {
  tools: true,
  json: true,
  thinking: true,
  images: false,
  ...GOES_NOT_ON,
  ...ONLY_CHAT,
  models: true,
};

/** A local server may load a model before it answers, which takes minutes. */
const LOCAL: HostTimeouts = { headersMs: 600_000 };

/** @throws InvalidOptionsError when an option is out of range, or a key would travel over plain HTTP. */
export function compatibleHost(options: CompatibleOptions, dialect: Dialect, own: object = {}): Provider {
  const { name } = dialect;
  // Known only once the address is checked, and asked only then.
  const price = () => (isLocal(baseURL) ? FREE : undefined);
  const common = commonFields(name, options, { ...OPTIONS, ...own }, price);
  // A key from a variable that is not set: better to skip the host than to be refused by it.
  const isGiven = Object.hasOwn(options, "apiKey");
  const usesKey = isGiven || dialect.keyVariable !== undefined;
  const headers = checkHeaders(name, options.headers);
  // Some hosts take their key in a header of another name: it is one all the same.
  const sendsKey = usesKey || Object.keys(headers).some((header) => KEY_HEADER.test(header));
  const baseURL = checkBaseURL(name, options.baseURL ?? dialect.baseURL, sendsKey);
  const given = isGiven && !dialect.keyVariable ? (options.apiKey ?? "") : options.apiKey;
  const key = findKey(name, given, dialect.keyVariable);
  const abilities = withAbilities({ ...USUAL, prefill: dialect.prefill ?? false }, options.abilities);
  return {
    ...common,
    abilities,
    hostTimeouts: isLocal(baseURL) ? LOCAL : {},
    keepAlives: dialect.keepAlives,
    usesKey: sendsKey,
    keyVariable: dialect.keyVariable,
    hasNewKey: key.isNew,
    tellsCost: dialect.tellsCost === true && options.price === undefined,
    dropsEmptyThinking: dialect.dropsEmptyThinking,
    model: modelNames(options.model, { ...dialect.models, ...options.models }),
    window: () => options.contextWindow,
    unable(call) {
      const missing = missingEndpoint(call, abilities);
      return missing ?? (usesKey && !key.isKnown() ? "no_key" : missingAbility(call.request, abilities));
    },
    send: createRunAttempt({
      name,
      url: (_, endpoint) => baseURL + (endpoint?.path ?? "/chat/completions"),
      key: key.read,
      onRefused: key.refuse,
      headers,
      asksForUsage: true,
      requestIdHeader: dialect.requestIdHeader,
      createDecoder({ delivered, model, continued, request }, context) {
        const usual = options.thinkTags ?? dialect.thinkTags(model);
        // Behind text no template opens the thinking.
        const isBehindText = (continued === "prefix" || continued === "prefill") && request.messages.at(-1)?.content;
        const tags = usual === "implicit" && isBehindText ? "auto" : usual;
        const decoder = createDecoder(context);
        if (tags === "none") return decoder;
        const isUnseen = () => delivered().reader === "whole";
        return separateThinking(decoder, { tags, isUnseen, who: whoIs(context), details: detailsOf(context) });
      },
      encode: ({ request }) => dialect.encode(request),
    }),
  };
}
