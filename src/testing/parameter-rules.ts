import { cannotDeserialize, invalidRequest, type SimulatedError } from "./deepseek-errors.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The highest `max_tokens`: DeepSeek's longest answer. */
const MAX_TOKENS = 393_216;
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"];

/** Ranges of the numbers, ends included. `top_p` does not take 0. */
const RANGES: readonly (readonly [field: string, min: number, max: number])[] = [
  ["max_tokens", 1, MAX_TOKENS],
  ["temperature", 0, 2],
  ["top_p", Number.MIN_VALUE, 1],
  ["top_logprobs", 0, 20],
];

/** What the API refuses about everything but the messages. */
export function checkParameters(body: Fields, isBeta: boolean, isThinking: boolean): SimulatedError | undefined {
  return checkRanges(body) ?? checkModes(body, isThinking) ?? checkTools(body["tools"], isBeta);
}

function checkRanges(body: Fields): SimulatedError | undefined {
  for (const [field, min, max] of RANGES) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== "number") return cannotDeserialize(`${field}: invalid type, expected a number`);
    const range = min === Number.MIN_VALUE ? `(0, ${max}]` : `[${min}, ${max}]`;
    if (value < min || value > max) {
      return invalidRequest(`Invalid ${field} value, the valid range of ${field} is ${range}`);
    }
  }
  const { stop, user_id: userId } = body;
  if (Array.isArray(stop) && stop.length > 16) return invalidRequest("Invalid stop value, at most 16 sequences");
  const isLong = typeof userId === "string" && new TextEncoder().encode(userId).length > 512;
  return isLong ? invalidRequest("Invalid user_id value, at most 512 bytes") : undefined;
}

function checkModes(body: Fields, isThinking: boolean): SimulatedError | undefined {
  const { thinking, reasoning_effort: effort, tool_choice: choice, response_format: format } = body;
  const mode = thinking === undefined || thinking === null ? "enabled" : (thinking as { type?: unknown }).type;
  if (mode !== "enabled" && mode !== "disabled") {
    return cannotDeserialize(`thinking: unknown variant \`${String(mode)}\`, expected \`enabled\` or \`disabled\``);
  }
  if (effort !== undefined && effort !== null && !EFFORTS.includes(String(effort))) {
    return cannotDeserialize(`reasoning_effort: unknown variant \`${String(effort)}\``);
  }
  if (isThinking && (choice === "required" || typeof choice === "object") && choice !== null) {
    return invalidRequest("Thinking mode does not support this tool_choice");
  }
  if (body["stream_options"] && !body["stream"]) {
    return invalidRequest("stream_options should be set along with stream = true");
  }
  const hasLogprobs = body["top_logprobs"] === undefined || body["top_logprobs"] === null || body["logprobs"] === true;
  if (!hasLogprobs) return invalidRequest("top_logprobs should be set along with logprobs = true");
  const type = (format as { type?: unknown } | undefined)?.type;
  if (type === undefined || type === "text" || type === "json_object") return undefined;
  return invalidRequest("This response_format type is unavailable now");
}

function checkTools(given: unknown, isBeta: boolean): SimulatedError | undefined {
  const tools = Array.isArray(given) ? (given as ({ function?: { name?: unknown; strict?: unknown } } | null)[]) : [];
  if (tools.length > 128) return invalidRequest("Invalid tools value, at most 128 functions");
  const odd = tools.findIndex((tool) => typeof tool !== "object" || tool === null);
  if (odd >= 0) return cannotDeserialize(`tools[${odd}]: invalid type, expected struct Tool`);
  const names = tools.map((tool) => tool?.function?.name).filter((name) => name !== undefined);
  if (new Set(names).size < names.length) return invalidRequest("Tool names must be unique");
  const functions = tools.filter((tool) => tool?.function);
  const strict = functions.filter((tool) => tool?.function?.strict);
  if (strict.length === 0) return undefined;
  // Documented, and never seen with a body: made in the manner of the others.
  if (isBeta && strict.length < functions.length)
    return invalidRequest("strict must be true for all functions, or for none");
  if (isBeta) return undefined;
  return invalidRequest('strict is only available when using beta api (set base_url="https://api.deepseek.com/beta")');
}
