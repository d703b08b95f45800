import type { AttemptCall, Call, Send } from "../call.ts";
import type { AnswerTokens } from "../chat/answer-tokens.ts";
import type { ChatRequest } from "../chat/chat-request.ts";
import { forcesTool } from "../chat/forces-tool.ts";
import { aBoolean, group, refuse, type Shape } from "../check-shape.ts";
import type { Price } from "../money/price.ts";
import type { SkipReason } from "../report.ts";
import type { RateLimitOptions } from "../state/rate.ts";
import { withoutUndefined } from "../without-undefined.ts";
import type { PriceOption } from "./price-source.ts";

/** Time limits of one attempt at this host, in milliseconds from 1; each is described in `TimeoutOptions`. */
export interface HostTimeouts {
  /** From the request to the response headers. @defaultValue the client's, or what is usual for the host */
  readonly headersMs?: number | undefined;
  /** In the host's queue, while it only keeps the connection alive. @defaultValue the client's */
  readonly queueMs?: number | undefined;
  /** Without any byte. @defaultValue the client's, or what is usual for the host */
  readonly wireMs?: number | undefined;
  /** Without anything generated, once the answer began. @defaultValue the client's */
  readonly contentMs?: number | undefined;
  /** From the finish reason to the end of the stream. @defaultValue the client's */
  readonly finishMs?: number | undefined;
}

/** What a host can do. A request that needs more is not sent there. */
export interface Abilities {
  /** `tools`: of whatever type, or `functions` alone. `false` skips it too where earlier messages call tools. */
  readonly tools: boolean | "functions";
  /** A `tool_choice` that forces a tool. */
  readonly forcedTools: boolean;
  /** Messages with an `image_url`. */
  readonly images: boolean;
  /** `response_format: { type: "json_object" }`. */
  readonly json: boolean;
  /** `thinking: { type: "enabled" }`. */
  readonly thinking: boolean;
  /** It goes on where a last message marked `prefix: true` ends, and says nothing of it again: by promise. */
  readonly prefix: boolean;
  /** The same for a message that holds `reasoning_content` and no text yet, so that unfinished thinking goes on. */
  readonly reasoningPrefix: boolean;
  /** The same for requests with tools. No page of DeepSeek's promises it: `npm run probe:live` asks. */
  readonly prefixWithTools: boolean;
  /**
   * It usually goes on where the last message ends, if that is the assistant's. `flags`: when told so, as vLLM and SGLang
   * are, by `continue_final_message`. Used only with `resume.bestEffort`.
   */
  readonly prefill: false | "message" | "flags";
  /** `POST /completions` with a `suffix`: fill-in-the-middle. */
  readonly fim: boolean;
  /** `GET /models`. */
  readonly models: boolean;
  /** `GET /user/balance`, as DeepSeek has it. */
  readonly balance: boolean;
}

/** A host that serves chat completions alone. */
export const ONLY_CHAT = { fim: false, models: false, balance: false } as const;

/** A host that can only start again. */
export const GOES_NOT_ON = { prefix: false, reasoningPrefix: false, prefixWithTools: false, prefill: false } as const;

/** Who answers: data plus small functions. Made by `deepseek()`, `openaiCompatible()` and `custom()`. */
export interface Provider {
  /** Unique within a client. */
  readonly name: string;
  /** Asked only after so many rounds have failed; 0: from the first. */
  readonly afterRounds: number;
  /** Limits the user set for this provider: they win over the client's. */
  readonly timeouts: HostTimeouts;
  /** Limits typical for the host: the client's win over them. */
  readonly hostTimeouts: HostTimeouts;
  /** Whether the host sends keep-alives while a request is queued. */
  readonly keepAlives: boolean;
  /** Whether requests carry a key. In a browser everybody could read it. */
  readonly usesKey: boolean;
  /** The environment variable that may hold the key. */
  readonly keyVariable?: string | undefined;
  /** The host's own name of a model; of a local host the one that was found, once it was. */
  model(requested: string): string;
  /** The model's window in tokens, where it is known. */
  window(model: string): number | undefined;
  /** What a million tokens cost at that time, where it is known. */
  price(model: string, now: number): Price | undefined;
  /** Whether it says itself what an answer cost (`usage.cost`), and that is believed over `price`. */
  readonly tellsCost?: boolean | undefined;
  /** Whether it has another key than the one that was refused last. @internal */
  readonly hasNewKey: () => Promise<boolean>;
  /** How many requests it takes in a minute, where it has such a limit. */
  readonly rateLimit?: RateLimitOptions | undefined;
  /** What it can do. */
  readonly abilities: Abilities;
  /** Of one that prepares requests for DeepSeek, and says `max_tokens` where they do not: what a model's is. @internal */
  readonly prepares?: { answerTokens(model: string): AnswerTokens | undefined } | undefined;
  /** Whether an empty `reasoning_content` is not sent there. @internal */
  readonly dropsEmptyThinking?: boolean | undefined;
  /** Why it cannot serve this call, if it cannot. @internal */
  unable(call: Call): SkipReason | undefined;
  /** Sends a call there; resolves at the first token. @internal */
  readonly send: Send<AttemptCall>;
}

/** Options all providers share. */
export interface ProviderOptions {
  /** For reports, events and `CallOptions.providers`; unique within a client. */
  readonly name?: string | undefined;
  /**
   * Asked only after so many rounds have failed. A whole number from 0.
   * @defaultValue 0
   */
  readonly afterRounds?: number | undefined;
  /**
   * What a million tokens cost there: for the report, `maxCostUsd` and `order: "cheapest"`. A function is asked by the provider's own
   * name of the model and the time (milliseconds since the epoch), with each request; where it gives nothing, the default counts.
   * @defaultValue what is known of the host's models; 0 for local hosts; what OpenRouter says an answer cost; else unknown
   */
  readonly price?: PriceOption | undefined;
  /** Time limits for this provider alone; see `TimeoutOptions`. */
  readonly timeouts?: HostTimeouts | undefined;
  /** How many requests it takes in a minute, for hosts that have such a limit. @defaultValue none: DeepSeek has none */
  readonly rateLimit?: RateLimitOptions | undefined;
}

const CHAT: Shape = {
  tools: (value, label) => {
    if (typeof value !== "boolean" && value !== "functions") refuse(label, 'true, false or "functions"', value);
  },
  forcedTools: aBoolean,
  images: aBoolean,
  json: aBoolean,
  thinking: aBoolean,
  prefix: aBoolean,
  reasoningPrefix: aBoolean,
  prefixWithTools: aBoolean,
  prefill: (value, label) => {
    if (value !== false && value !== "message" && value !== "flags")
      refuse(label, 'false, "message" or "flags"', value);
  },
};

export const ABILITIES = /* @__PURE__ */ group({ ...CHAT, fim: aBoolean, models: aBoolean, balance: aBoolean });
/** Of a provider that is asked for nothing but chat. */
export const CHAT_ABILITIES = /* @__PURE__ */ group(CHAT);

/** What a host can do, as far as the user did not say otherwise. */
export function withAbilities(usual: Abilities, given: Partial<Abilities> = {}): Abilities {
  return { ...usual, ...withoutUndefined(given) };
}

/** Whether it has no such endpoint. */
export function missingEndpoint({ endpoint }: Pick<Call, "endpoint">, abilities: Abilities): SkipReason | undefined {
  return endpoint && !abilities[endpoint.name] ? "endpoint" : undefined;
}

/** Which of a request's needs the abilities do not meet. */
export function missingAbility(
  request: ChatRequest,
  abilities: Pick<Abilities, "tools" | "forcedTools" | "images" | "json" | "thinking" | "prefix">,
): SkipReason | undefined {
  if (needsTools(request, abilities.tools) || (!abilities.forcedTools && forcesTool(request))) return "tools";
  if (!abilities.json && request.response_format?.type.startsWith("json")) return "json";
  if (!abilities.thinking && request.thinking?.type === "enabled") return "thinking";
  if (!abilities.images && request.messages.some(hasImage)) return "images";
  const last = request.messages.at(-1);
  if (!abilities.prefix && last?.role === "assistant" && last.prefix) return "prefix";
  return undefined;
}

function needsTools({ tools = [], messages }: ChatRequest, able: Abilities["tools"]): boolean {
  if (able === true) return false;
  if (able === "functions") return tools.some(({ type }) => type !== "function");
  return tools.length > 0 || messages.some((message) => message.role === "tool" || hasCalls(message));
}

function hasCalls(message: ChatRequest["messages"][number]): boolean {
  return message.role === "assistant" && (message.tool_calls?.length ?? 0) > 0;
}

function hasImage({ content }: ChatRequest["messages"][number]): boolean {
  return typeof content === "object" && content !== null && content.some((part) => part.type === "image_url");
}
