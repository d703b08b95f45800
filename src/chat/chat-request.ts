// What may be asked. Field names and rules: https://api-docs.deepseek.com/api/create-chat-completion

/**
 * What the compiler knows of models: a request that names one of these and holds what it does not take is a compile error. A
 * model that is not here, or only known as `string`, is not checked. Add your own by declaration merging.
 *
 * @example
 * declare module "resilient-deepseek" {
 *   interface ModelAbilities {
 *     "sonar-pro": { images: false; tools: false };
 *   }
 * }
 */
export interface ModelAbilities {
  /** It takes pictures and tools. */
  readonly "deepseek-flash": { readonly images: true; readonly tools: true };
  /** It takes tools, and no pictures. */
  readonly "deepseek-v4-pro": { readonly images: false; readonly tools: true };
}

/** DeepSeek's current models, and those you added to {@link ModelAbilities}. Any other string is sent as it is: names change several times a year. */
export type ChatModel = keyof ModelAbilities | (string & {});

/** Text, where a message has parts. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** A picture, by URL (at most 8192 characters) or as a data URL. JPEG, PNG, GIF or WebP; user messages only. */
export interface ImagePart {
  readonly type: "image_url";
  readonly image_url: { readonly url: string; readonly detail?: "low" | "high" | "original" | "auto" | undefined };
}

/** A file, by the id `/files` gave it or inline. */
export interface FilePart {
  readonly type: "file";
  readonly file_id?: string | undefined;
  readonly file_data?: string | undefined;
  readonly filename?: string | undefined;
}

/** What a message may be made of. */
export type ContentPart = TextPart | ImagePart | FilePart;

/** A function the model wants to be called. `arguments` is JSON written by the model: parse it, and distrust it. */
export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What the model is told to be, before the conversation. */
export interface SystemMessage {
  readonly role: "system";
  readonly content: string | readonly TextPart[];
  readonly name?: string | undefined;
}

/** What the user says. */
export interface UserMessage {
  readonly role: "user";
  readonly content: string | readonly ContentPart[];
  readonly name?: string | undefined;
}

/** What the model said earlier: give back the `message` of a completion as it is. */
export interface AssistantMessage {
  readonly role: "assistant";
  readonly content?: string | null | undefined;
  readonly name?: string | undefined;
  /** What the model thought before it answered. With `tools`, DeepSeek wants it back in every later request. */
  readonly reasoning_content?: string | null | undefined;
  readonly tool_calls?: readonly ToolCall[] | undefined;
  /**
   * On the last message only: the answer goes on where `content` ends (chat prefix completion, beta).
   * The completion holds the continuation without the prefix.
   */
  readonly prefix?: boolean | undefined;
}

/** What a tool gave back. */
export interface ToolMessage {
  readonly role: "tool";
  readonly content: string | readonly ContentPart[];
  /** The `id` of the tool call this is the result of. */
  readonly tool_call_id: string;
}

/** One message of the conversation. */
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

/** A function of yours the model may ask for. */
export interface FunctionTool {
  readonly type: "function";
  readonly function: {
    /** Letters, digits, `_` and `-`; unique among the tools. */
    readonly name: string;
    /** What it does, and when to use it: the model reads this. */
    readonly description?: string | undefined;
    /** A JSON Schema. Left out: the function takes no arguments. */
    readonly parameters?: Readonly<Record<string, unknown>> | undefined;
    /** Arguments follow the schema strictly (beta; all tools of a request or none). */
    readonly strict?: boolean | null | undefined;
  };
}

/** A tool the server runs itself. */
export interface ServerTool {
  readonly type: "deepseek_web_search" | "deepseek_read_url";
  readonly [field: string]: unknown;
}

/** Whether the model may, must or must not ask for a tool, or for which one. */
export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly type: "function"; readonly function: { readonly name: string } };

/** Everything of a chat request but `stream`. Fields not listed here are sent as they are. */
export interface ChatRequest {
  /** DeepSeek's name of the model, as in `deepseek-flash`. Other providers are asked for it by their own name, where they have one. */
  readonly model: ChatModel;
  /** The conversation so far, oldest first. At least one. */
  readonly messages: readonly ChatMessage[];
  /** Whether the model thinks before it answers. DeepSeek's default is `enabled`. */
  readonly thinking?: { readonly type: "enabled" | "disabled" } | undefined;
  /** How long it thinks. DeepSeek's default is `high`. */
  readonly reasoning_effort?: "low" | "high" | "max" | (string & {}) | undefined;
  /** Tokens the answer may have, thinking included: a whole number from 1. DeepSeek's default is 8K, 64K when thinking. */
  readonly max_tokens?: number | null | undefined;
  /** OpenAI's newer name of `max_tokens`; for DeepSeek it becomes that. */
  readonly max_completion_tokens?: number | null | undefined;
  /**
   * DeepSeek has `text` and `json_object`, which needs the word "json" in the prompt: it is added where it is missing. `json_schema` is
   * OpenAI's: for DeepSeek it becomes `json_object`, with the schema in the prompt.
   */
  readonly response_format?:
    | {
        readonly type: "text" | "json_object" | "json_schema" | (string & {});
        /** Of `json_schema`. */
        readonly json_schema?: { readonly schema?: object | undefined; readonly [field: string]: unknown } | undefined;
      }
    | undefined;
  /** The answer ends before one of these texts; DeepSeek takes up to 16. */
  readonly stop?: string | readonly string[] | null | undefined;
  /** How freely it chooses its words. 0 to 2; DeepSeek's default is 1. Without effect while thinking. */
  readonly temperature?: number | null | undefined;
  /** The share of likely words it chooses from. 0 to 1; DeepSeek's default is 1, and it does not take 0. */
  readonly top_p?: number | null | undefined;
  /** What the model may ask for. */
  readonly tools?: readonly (FunctionTool | ServerTool)[] | undefined;
  /** Whether it may, must or must not ask for a tool. `required` and a named function are refused by DeepSeek while thinking is on. */
  readonly tool_choice?: ToolChoice | undefined;
  /** Whether the probability of each token comes with the answer. */
  readonly logprobs?: boolean | null | undefined;
  /** How many alternatives come with each token. 0 to 20; needs `logprobs: true`. */
  readonly top_logprobs?: number | null | undefined;
  /** Separates the cache, the scheduling and the safety rating of your users from each other. At most 512 bytes. */
  readonly user_id?: string | undefined;
  /** How closely DeepSeek reviews the answer. `high`: it stays open after the last token meanwhile, and may end as a refusal. */
  readonly safety_check?: { readonly level: "low" | "high" } | undefined;
  /** -2 to 2. DeepSeek accepts it without effect. */
  readonly frequency_penalty?: number | null | undefined;
  /** -2 to 2. DeepSeek accepts it without effect. */
  readonly presence_penalty?: number | null | undefined;
  /** One answer a call. */
  readonly n?: 1 | null | undefined;
}

/** The parameters of `chat.completions.create`. */
export interface ChatCompletionParams extends ChatRequest, StreamFields<boolean | null | undefined> {}

/** How an answer is to be given. */
export interface StreamFields<Stream> {
  /** `true` gives a stream instead of a completion. */
  readonly stream?: Stream | undefined;
  /** Only with `stream: true`. Usage comes on the last chunk of a DeepSeek stream either way. */
  readonly stream_options?:
    | {
        /** Whether the stream ends with the usage. */
        readonly include_usage?: boolean | undefined;
      }
    | null
    | undefined;
}
