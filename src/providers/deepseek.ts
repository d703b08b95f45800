import type { ChatRequest } from "../chat/chat-request.ts";
import { aString } from "../check-shape.ts";
import { unlessAborted } from "../load-part.ts";
import { loadPreparing } from "../prepare/load-preparing.ts";
import { currentModel } from "../prepare/retired-models.ts";
import type { Tell } from "../prepare/rule.ts";
import { deepseekModel, deepseekPrice } from "./deepseek-models.ts";
import {
  API_KEY,
  type ApiKey,
  checkBaseURL,
  checkHeaders,
  commonFields,
  findKey,
  HEADERS,
  readVariable,
} from "./host-options.ts";
import {
  ABILITIES,
  type Abilities,
  missingAbility,
  missingEndpoint,
  type Provider,
  type ProviderOptions,
  withAbilities,
} from "./provider.ts";
import { createRunAttempt, type Host } from "./run-attempt.ts";
import { createDecoder } from "./wire-format.ts";

/** Options of `deepseek()`. */
export interface DeepSeekOptions extends ProviderOptions {
  /** DeepSeek's key, or a function that fetches it. @defaultValue the environment variable `DEEPSEEK_API_KEY`, read with each request */
  readonly apiKey?: ApiKey | undefined;
  /**
   * What it can do, where that differs from DeepSeek itself: a gateway in front of it may not know the beta features, or the account.
   * @defaultValue all but images for models without them, and `prefixWithTools` and `prefill`
   */
  readonly abilities?: Partial<Abilities> | undefined;
  /** DeepSeek's address, or that of a gateway in front of it. @defaultValue the environment variable `DEEPSEEK_BASE_URL`, or `https://api.deepseek.com` */
  readonly baseURL?: string | undefined;
  /** Sent with every request, for a gateway in front of it; never `authorization`, `cookie`, `host` or `content-*`. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * DeepSeek's own API.
 *
 * @example
 * const client = createResilientClient({ providers: [deepseek({ apiKey: () => readSecret("deepseek") })] });
 * @throws InvalidOptionsError when an option is out of range, or the key would travel over plain HTTP.
 */
export function deepseek(options: DeepSeekOptions = {}): Provider {
  const name = options?.name ?? "deepseek";
  const common = commonFields(
    name,
    options,
    { apiKey: API_KEY, baseURL: aString, abilities: ABILITIES, headers: HEADERS },
    deepseekPrice,
  );
  const fromVariable = options.baseURL ? undefined : readVariable("DEEPSEEK_BASE_URL");
  const given = options.baseURL || fromVariable || "https://api.deepseek.com";
  const baseURL = checkBaseURL(fromVariable ? `${name} (DEEPSEEK_BASE_URL)` : name, given, true);
  const root = baseURL.replace(/\/(?:v1|beta)$/, "");
  const betaURL = `${root}/beta`;
  const key = findKey(name, options.apiKey, KEY_VARIABLE);
  const isOwnAddress = new URL(baseURL).hostname === "api.deepseek.com";
  // A gateway may have models of the old names.
  const ofNow = (requested: string) => (isOwnAddress ? currentModel(requested) : requested);
  const abilities = withAbilities(DEEPSEEK, options.abilities);
  return {
    ...common,
    abilities,
    hostTimeouts: {},
    keepAlives: true,
    usesKey: true,
    keyVariable: KEY_VARIABLE,
    hasNewKey: key.isNew,
    prepares: { answerTokens },
    model: ofNow,
    window: (model) => deepseekModel(model)?.window,
    unable: (call) => {
      const missing = missingEndpoint(call, abilities);
      if (missing || !key.isKnown()) return missing ?? "no_key";
      const images = abilities.images && (deepseekModel(ofNow(call.request.model))?.images ?? true);
      return missingAbility(call.request, { ...abilities, images });
    },
    send: createRunAttempt({
      name,
      url(request, endpoint) {
        if (!endpoint) return `${needsBeta(request) ? betaURL : baseURL}/chat/completions`;
        // A gateway may list its models under its own version; the balance has none.
        const base = { fim: betaURL, models: baseURL.endsWith("/beta") ? root : baseURL, balance: root };
        return base[endpoint.name] + endpoint.path;
      },
      key: key.read,
      onRefused: key.refuse,
      headers: checkHeaders(name, options.headers),
      asksForUsage: false,
      requestIdHeader: "x-ds-trace-id",
      createDecoder: (_, context) => createDecoder(context),
      encode: createEncode(isOwnAddress),
    }),
  };
}

/** Prepares requests; loaded with the first call (`session.ts`). */
function createEncode(isOwnAddress: boolean): Host["encode"] {
  const warned = new Set<string>();
  return (call) => {
    const { request, model, responseFormat, forcedToolChoice, log } = call;
    const tell: Tell = (rule, message) => {
      log.change(rule, message);
      // What somebody should change in their own code is said aloud, once.
      if (!WARNED.has(rule) || warned.has(rule)) return;
      warned.add(rule);
      log.warn(rule, message);
    };
    const how = { format: responseFormat, forcedToolChoice, isOwnAddress, answerTokens: answerTokens(model), tell };
    const part = unlessAborted(loadPreparing(), call.signal);
    if (part instanceof Promise) return part.then(({ prepareForDeepSeek }) => prepareForDeepSeek(request, how));
    return part.prepareForDeepSeek(request, how);
  };
}

const answerTokens = (model: string) => deepseekModel(model)?.answerTokens;

const WARNED: ReadonlySet<string> = new Set(["no-effect", "model-names", "strict-tools"]);

/** https://api-docs.deepseek.com/guides/chat_prefix_completion; thinking as a prefix was seen to work, tools were not tried. */
const DEEPSEEK: Abilities = {
  tools: true,
  forcedTools: true,
  images: true,
  json: true,
  thinking: true,
  prefix: true,
  reasoningPrefix: true,
  prefixWithTools: false,
  prefill: false,
  fim: true,
  models: true,
  balance: true,
};

const KEY_VARIABLE = "DEEPSEEK_API_KEY";

/** Prefix completion and strict tools live under `/beta`. */
function needsBeta({ messages, tools }: ChatRequest): boolean {
  const last = messages.at(-1);
  if (last?.role === "assistant" && last.prefix) return true;
  return (
    tools?.some((tool) => tool.type === "function" && (tool as { function: { strict?: boolean } }).function.strict) ??
    false
  );
}
