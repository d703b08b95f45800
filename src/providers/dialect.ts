import type { ChatRequest } from "../chat/chat-request.ts";
import type { Price } from "../money/price.ts";
import type { Fields } from "../parse-json.ts";
import type { SkipReason } from "../report.ts";
import type { DialectOptions } from "./dialect-options.ts";
import type { Abilities } from "./provider.ts";
import type { OwnProtocol } from "./run-attempt.ts";
import type { ThinkTags } from "./separate-thinking.ts";

/** What is known of one model of a host's. */
interface HostModel {
  /** Context window in tokens. */
  readonly window?: number | undefined;
  /** Whether it takes pictures. */
  readonly images?: boolean | undefined;
  readonly price?: Price | undefined;
}

/** The models of a host: facts that change several times a year, each host's in a file of their own. */
export interface HostModels {
  /** The host's own names of DeepSeek's. */
  readonly names: Readonly<Record<string, string>>;
  /** By the host's own names. */
  readonly facts?: Readonly<Record<string, HostModel>> | undefined;
}

/** A host, as data: who it is, and how it says what DeepSeek says in other words. */
export interface Dialect extends DialectOptions {
  readonly name: string;
  readonly baseURL: string;
  /** The environment variable that holds its key; `undefined`: it needs none. */
  readonly keyVariable?: string | undefined;
  readonly models: HostModels;
  /** Where it differs from the usual host: see `USUAL` in `compatible-host.ts`. */
  readonly abilities?: Partial<Abilities> | undefined;
  /** Whether it sends comments or blank lines while a request waits. */
  readonly keepAlives: boolean;
  /** Whether its `usage.cost` is what an answer cost in US dollars. @defaultValue false */
  readonly tellsCost?: boolean | undefined;
  /** What each request says beside the caller's fields, which win. */
  readonly always?: Fields | undefined;
  /** Fields of its answers that it takes back, where other hosts know nothing of them. */
  readonly ownAnswerFields?: readonly string[] | undefined;
  /** What it speaks in place of chat completions. @defaultValue chat completions */
  readonly protocol?: OwnProtocol | undefined;
  /** What of a request cannot be said in its words, whatever its abilities. */
  unsaid?(request: ChatRequest): SkipReason | undefined;
  /** Which tags its models' thinking stands between. @defaultValue "auto" */
  thinkTags?(model: string): ThinkTags;
}

/** Parameters that DeepSeek alone has: others refuse them, or pass them over. */
export const DEEPSEEK_ALONE: readonly string[] = ["user_id", "safety_check"];

/** Nobody's: an unknown host has whatever models it has. */
export const NO_MODELS: HostModels = { names: {} };
