import {
  cannotDeserialize,
  contextTooLong,
  invalidRequest,
  type SimulatedError,
  unknownModel,
} from "./deepseek-errors.ts";
import { checkParameters } from "./parameter-rules.ts";

/** A request body, as JSON brought it: nothing about it is certain. */
export type RawBody = Readonly<Record<string, unknown>>;
type Message = Readonly<Record<string, unknown>>;

export interface RuleContext {
  readonly isBeta: boolean;
  /** `undefined`: any. */
  readonly models: readonly string[] | undefined;
  readonly window: number;
}

const ROLES = ["system", "user", "assistant", "tool", "latest_reminder"];
const PARTS = ["text", "image_url", "file"];
/** Models of before V4.1, which read no pictures. */
const BLIND = ["deepseek-v4-pro"];
/** Retired names that are still accepted and served by another model. */
const RETIRED: Readonly<Record<string, string>> = {
  "deepseek-v4-flash": "deepseek-flash",
  "deepseek-v4-flash-vision-exp": "deepseek-flash",
};

/** What the API refuses with a 400, in the order it was seen to look. */
export function checkRules(body: RawBody, context: RuleContext): SimulatedError | undefined {
  return (
    checkShape(body) ??
    checkModel(body, context) ??
    checkMessages(body, context) ??
    checkJsonWord(body) ??
    checkParameters(body, context.isBeta, isThinking(body))
  );
}

/** What every host refuses: no model, no messages, a prompt longer than its window. */
export function checkBasics(body: RawBody, context: RuleContext): SimulatedError | undefined {
  return checkShape(body, [...ROLES, "developer"]) ?? checkModel(body, context) ?? checkWindow(body, context);
}

/** The model that serves a request. */
export function servedModel(body: RawBody): string {
  const asked = String(body["model"]);
  return RETIRED[asked] ?? asked;
}

export function isThinking(body: RawBody): boolean {
  const { thinking, reasoning_effort: effort } = body as {
    thinking?: { type?: unknown } | null;
    reasoning_effort?: unknown;
  };
  return thinking?.type !== "disabled" && effort !== "none";
}

export function messagesOf(body: RawBody): readonly Message[] {
  return body["messages"] as readonly Message[];
}

/** About 0.3 tokens a Latin character and 0.6 a Chinese one: DeepSeek's own rule of thumb. */
export function countTokens(text: string): number {
  const wide = text.match(/[\u2e80-\uffff]/g)?.length ?? 0;
  return Math.ceil((text.length - wide) * 0.3 + wide * 0.6);
}

export function promptTokens(body: RawBody): number {
  // Of a prefix, the thinking is read as well.
  const thought = (message: Message) => (message["prefix"] ? countTokens(textOf(message["reasoning_content"])) : 0);
  return messagesOf(body).reduce(
    (sum, message) => sum + 4 + countTokens(textOf(message["content"])) + thought(message),
    3,
  );
}

export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join("");
}

function checkShape(body: RawBody, roles: readonly string[] = ROLES): SimulatedError | undefined {
  const messages = body["messages"];
  if (typeof body["model"] !== "string") return cannotDeserialize("missing field `model` at line 1 column 2");
  if (!Array.isArray(messages)) return cannotDeserialize("missing field `messages` at line 1 column 2");
  if (messages.length === 0) return invalidRequest("Empty input messages");
  for (const [index, message] of (messages as Message[]).entries()) {
    const role = String(message?.["role"]);
    if (!roles.includes(role)) {
      const known = roles.map((name) => `\`${name}\``).join(", ");
      return cannotDeserialize(`messages[${index}].role: unknown variant \`${role}\`, expected one of ${known}`);
    }
  }
  return undefined;
}

function checkModel(body: RawBody, { models }: RuleContext): SimulatedError | undefined {
  if (!models) return undefined;
  const isServed = models.includes(String(body["model"])) || models.includes(servedModel(body));
  return isServed ? undefined : unknownModel(String(body["model"]), models);
}

function checkWindow(body: RawBody, { window }: RuleContext): SimulatedError | undefined {
  const completion = typeof body["max_tokens"] === "number" ? body["max_tokens"] : 0;
  const needed = promptTokens(body);
  return needed + completion > window ? contextTooLong(window, needed, completion) : undefined;
}

function checkMessages(body: RawBody, context: RuleContext): SimulatedError | undefined {
  const { isBeta } = context;
  const messages = messagesOf(body);
  const tooLong = checkWindow(body, context);
  if (tooLong) return tooLong;
  const last = messages.at(-1);
  if (last?.["role"] === "assistant" && !last["prefix"]) {
    return invalidRequest("The last message must be a user message, or an assistant message with prefix mode on");
  }
  if (last?.["prefix"] && !isBeta) {
    return invalidRequest(
      'prefix is only available when using beta api (set base_url="https://api.deepseek.com/beta")',
    );
  }
  for (const [index, message] of messages.entries()) {
    const wrong =
      checkParts(message, index, servedModel(body)) ?? checkMessage(message, body) ?? checkToolOrder(messages, index);
    if (wrong) return wrong;
  }
  return undefined;
}

/** Parts of a message: what they may be, and that pictures are the user's. */
function checkParts({ role, content }: Message, index: number, model: string): SimulatedError | undefined {
  if (!Array.isArray(content)) return undefined;
  const types: readonly unknown[] = content.map((part: { type?: unknown } | null) => part?.type);
  if (BLIND.includes(model) && types.includes("image_url")) {
    return cannotDeserialize(`messages[${index}]: unknown variant \`image_url\`, expected \`text\``);
  }
  const odd = types.find((type) => !PARTS.includes(String(type)));
  if (odd !== undefined || types.includes(undefined)) {
    const known = PARTS.map((name) => `\`${name}\``).join(", ");
    return cannotDeserialize(`messages[${index}]: unknown variant \`${String(odd)}\`, expected one of ${known}`);
  }
  const isPicture = types.includes("image_url") && role !== "user" && role !== "tool";
  return isPicture ? invalidRequest(`messages[${index}]: image_url is only available in user messages`) : undefined;
}

function checkMessage(message: Message, body: RawBody): SimulatedError | undefined {
  if (message["role"] !== "assistant") return undefined;
  const hasCalls = Array.isArray(message["tool_calls"]) && message["tool_calls"].length > 0;
  if (typeof message["content"] !== "string" && !hasCalls)
    return invalidRequest("Invalid assistant message: content or tool_calls must be set");
  const mustReplay = Array.isArray(body["tools"]) && isThinking(body);
  if (mustReplay && typeof message["reasoning_content"] !== "string") {
    return invalidRequest("The `reasoning_content` in the thinking mode must be passed back to the API.");
  }
  return undefined;
}

/** https://github.com/vercel/ai/issues/7913 */
function checkJsonWord(body: RawBody): SimulatedError | undefined {
  const wantsJson = (body["response_format"] as { type?: unknown } | undefined | null)?.type === "json_object";
  if (!wantsJson || messagesOf(body).some(({ content }) => /json/i.test(textOf(content)))) return undefined;
  return invalidRequest(
    "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
  );
}

/** Every tool call is answered right after its message, and nothing else is. */
function checkToolOrder(messages: readonly Message[], index: number): SimulatedError | undefined {
  const message = messages[index];
  if (message?.["role"] === "tool") {
    const start = messages.slice(0, index).findLastIndex(({ role }) => role !== "tool");
    return callIds(messages[start]).includes(message["tool_call_id"])
      ? undefined
      : invalidRequest("Messages with role 'tool' must be a response to a preceding message with 'tool_calls'");
  }
  const ids = callIds(message);
  const answers = messages.slice(index + 1, index + 1 + ids.length).map((answer) => answer["tool_call_id"]);
  return ids.every((id) => answers.includes(id))
    ? undefined
    : invalidRequest(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
      );
}

function callIds(message: Message | undefined): unknown[] {
  const calls = message?.["tool_calls"];
  return Array.isArray(calls) ? calls.map((call: { id?: unknown }) => call?.id) : [];
}
