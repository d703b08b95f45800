import { type AnswerPlan, outputTokens, toolCallTokens } from "./answer-plan.ts";
import type { SimulatedError } from "./deepseek-errors.ts";
import { type Dialect, eventStep, type Json, type LocalModels, messageOf, piecesOf } from "./dialect.ts";
import type { WriteStep } from "./exchange.ts";
import { isEmbedding } from "./model-shelf.ts";
import { ollamaNativeDialect } from "./ollama-native-dialect.ts";

/** As documented: https://github.com/ollama/ollama/blob/main/docs/api.md */
const local: LocalModels = {
  usual: "deepseek-r1:8b",
  list(path, { installed, loaded, window }) {
    const [, list] = /\/api\/(ps|tags)$/.exec(path) ?? [];
    if (list === "ps") return { models: [...loaded].map((name) => ({ ...modelOf(name), context_length: window })) };
    if (list !== "tags") return undefined;
    const ability = (name: string) => (isEmbedding(name) ? "embedding" : "completion");
    return { models: installed.map((name) => ({ ...modelOf(name), capabilities: [ability(name)] })) };
  },
  load(model, { loaded }) {
    loaded.add(model);
    return undefined;
  },
};

function modelOf(name: string): Json {
  const family = isEmbedding(name) ? "nomic-bert" : "qwen3";
  return { name, model: name, size: 5_225_376_047, details: { format: "gguf", family, quantization_level: "Q4_K_M" } };
}

/** A server at home: thinking in `reasoning`, tool calls whole, usage on a chunk without choices. */
export const ollamaDialect: Dialect = {
  models: undefined,
  needsKey: false,
  isStrict: false,
  prefills: true,
  keepAlive: "",
  own: { path: /\/api\/chat$/, dialect: ollamaNativeDialect },
  thinks: (body) => body["reasoning_effort"] !== "none",
  headers: () => ({}),
  events,
  completion,
  error,
  streamError: (_, { message, code = null }) => ({ error: { message, type: "api_error", param: null, code } }),
  doneAfterError: false,
  local,
};

function headOf({ id, created, model }: AnswerPlan, object: string): Json {
  return { id: `chatcmpl-${id}`, object, created, model, system_fingerprint: "fp_ollama" };
}

function events(plan: AnswerPlan, includeUsage: boolean): WriteStep[] {
  const head = headOf(plan, "chat.completion.chunk");
  const event = (delta: Json, tokens: number, finish: string | null = null) => {
    const said = { role: "assistant", content: "", ...delta };
    return eventStep({ ...head, choices: [{ index: 0, delta: said, finish_reason: finish }] }, tokens);
  };
  return [
    ...piecesOf(plan).map(({ field, text }) => event({ [field]: text }, 1)),
    ...callsOf(plan).map((call, index) => {
      const asked = plan.toolCalls[index];
      return event({ tool_calls: [call] }, asked ? toolCallTokens(asked) : 0);
    }),
    event({}, 0, plan.finishReason),
    ...(includeUsage ? [eventStep({ ...head, choices: [], usage: usageOf(plan) })] : []),
  ];
}

function completion(plan: AnswerPlan): Json {
  const message = {
    role: "assistant",
    content: plan.content,
    ...(plan.reasoning !== "" && { reasoning: plan.reasoning }),
    ...(plan.toolCalls.length > 0 && { tool_calls: callsOf(plan) }),
  };
  return {
    ...headOf(plan, "chat.completion"),
    choices: [{ index: 0, message, finish_reason: plan.finishReason }],
    usage: usageOf(plan),
  };
}

function callsOf({ toolCalls }: AnswerPlan): Json[] {
  return toolCalls.map(({ id, type, function: fn }, index) => ({ id, index, type, function: fn }));
}

function usageOf(plan: AnswerPlan): Json {
  const tokens = outputTokens(plan);
  const { promptTokens } = plan;
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens };
}

/** Recorded: a 400 is an `invalid_request_error`, and a line ends every body. */
function error(given: SimulatedError): SimulatedError {
  const said = messageOf(given);
  if (said === undefined) return given;
  const [, window, asked] = /context length is (\d+) tokens\. However, you requested (\d+) tokens/.exec(said) ?? [];
  const excess = Number(asked) - Number(window);
  const message = asked ? `prompt too long; exceeded max context length by ${excess} tokens` : said;
  const type = given.status === 400 ? "invalid_request_error" : "api_error";
  const body = `${JSON.stringify({ error: { message, type, param: null, code: null } })}\n`;
  return { ...given, contentType: "application/json", body };
}
