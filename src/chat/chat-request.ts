// What may be asked. Field names and rules: https://api-docs.deepseek.com/api/create-chat-completion

/** DeepSeek's current models. Any other string is sent as it is: names change several times a year. */
export type ChatModel = "deepseek-flash" | "deepseek-v4-pro" | (string & {});

/** Text within a message that has several parts. */
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

/** What a message of the user, or of a tool, may be made of. */
export type ContentPart = TextPart | ImagePart | FilePart;

/** A function the model wants to be called. `arguments` is JSON written by the model: parse it, and distrust it. */
export interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** How the model shall behave, before the conversation. */
export interface SystemMessage {
  readonly role: "system";
  readonly content: string | readonly TextPart[];
  readonly name?: string | undefined;
}

/** What the user says. Pictures and files only here. */
export interface UserMessage {
  readonly role: "user";
  readonly content: string | readonly ContentPart[];
  readonly name?: string | undefined;
}

/** What the model said: to be sent back with what follows, and the place of a prefix to go on from. */
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

/** What a tool call came to. */
export interface ToolMessage {
  readonly role: "tool";
  readonly content: string | readonly ContentPart[];
  /** The `id` of the tool call this is the result of. */
  readonly tool_call_id: string;
}

/** A turn of the conversation. */
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

/** A function of yours the model may ask for. */
export interface FunctionTool {
  readonly type: "function";
  readonly function: {
    /** Letters, digits, `_` and `-`; unique among the tools. */
    readonly name: string;
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

/** Whether the model may, must or must not ask for a tool. */
export type ToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly type: "function"; readonly function: { readonly name: string } };

/** Everything of a chat request but `stream`. Fields not listed here are sent as they are. */
export interface ChatRequest {
  /** Sent as it is; a provider with names of its own translates it. */
  readonly model: ChatModel;
  /** At least one. */
  readonly messages: readonly ChatMessage[];
  /** Whether the model thinks before it answers. DeepSeek's default is `enabled`. */
  readonly thinking?: { readonly type: "enabled" | "disabled" } | undefined;
  /** How long it thinks. DeepSeek's default is `high`. */
  readonly reasoning_effort?: "low" | "high" | "max" | (string & {}) | undefined;
  /** Tokens the answer may have, thinking included: a whole number from 1. DeepSeek's default is 8K, 64K when thinking. */
  readonly max_tokens?: number | null | undefined;
  /** `json_object` needs the word "json" in the prompt. */
  readonly response_format?: { readonly type: "text" | "json_object" | (string & {}) } | undefined;
  /** The answer ends before one of these texts; DeepSeek takes up to 16. */
  readonly stop?: string | readonly string[] | null | undefined;
  /** 0 to 2, default 1. Without effect while thinking. */
  readonly temperature?: number | null | undefined;
  /** 0 to 1, default 1. DeepSeek does not take 0. */
  readonly top_p?: number | null | undefined;
  /** What the model may ask for. At least one; leave it out for none. */
  readonly tools?: readonly (FunctionTool | ServerTool)[] | undefined;
  /** `required` and a named function are refused by DeepSeek while thinking is on. */
  readonly tool_choice?: ToolChoice | undefined;
  /** Whether the probability of each token comes with it. */
  readonly logprobs?: boolean | null | undefined;
  /** 0 to 20; needs `logprobs: true`. */
  readonly top_logprobs?: number | null | undefined;
  /** Separates the cache, the scheduling and the safety rating of your users from each other. At most 512 bytes. */
  readonly user_id?: string | undefined;
  /** `high`: input and answer are reviewed, and the answer may end as a refusal after its last token. Newer models only. */
  readonly safety_check?: { readonly level: "low" | "high" } | undefined;
  /** -2 to 2. DeepSeek accepts it without effect. */
  readonly frequency_penalty?: number | null | undefined;
  /** -2 to 2. DeepSeek accepts it without effect. */
  readonly presence_penalty?: number | null | undefined;
  /** One answer a call. */
  readonly n?: 1 | null | undefined;
}

/** The parameters of `chat.completions.create`. */
export interface ChatCompletionParams extends ChatRequest {
  /** `true` gives a `ChatStream` instead of a completion. */
  readonly stream?: boolean | null | undefined;
  /** Only with `stream: true`. Usage comes on the last chunk of a DeepSeek stream either way. */
  readonly stream_options?: { readonly include_usage?: boolean | undefined } | null | undefined;
}
