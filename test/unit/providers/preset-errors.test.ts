import { expect, test } from "vitest";
import {
  azure,
  fireworks,
  llamaCpp,
  lmStudio,
  ollama,
  perplexity,
  poe,
  siliconFlow,
  together,
  vllm,
  volcengineArk,
} from "../../../src/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { SECRET } from "../../support/secret-leaks.ts";
import { watchAttempt } from "../../support/watched-attempt.ts";

/** What a provider makes of a body that is no success. */
function failureOf(provider: Provider, status: number, body: string): Promise<unknown> {
  const request = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
  const fetch = async () => new Response(body, { status });
  const { call } = watchAttempt({ fetch, request, provider: provider.name, model: provider.model(request.model) });
  return rejectionOf(provider.send(call));
}

const ark = (code: string, message = "x", type = "TooManyRequests") =>
  JSON.stringify({ error: { code, message: `${message} Request id: 0217`, param: "", type } });
const wrapped = (error: object) => JSON.stringify({ error });
const apiKey = SECRET;

// The bodies are those of each host's documentation, or seen in reports of its users: see docs/providers.md.
const ANSWERS: readonly [Provider, number, string, object][] = [
  [volcengineArk({ apiKey }), 429, ark("ServerOverloaded"), { code: "busy" }],
  [volcengineArk({ apiKey }), 429, ark("RateLimitExceeded.EndpointRPMExceeded"), { code: "rate_limited" }],
  [volcengineArk({ apiKey }), 429, ark("SetLimitExceeded"), { code: "insufficient_balance" }],
  [volcengineArk({ apiKey }), 403, ark("AccountOverdueError"), { code: "insufficient_balance" }],
  [volcengineArk({ apiKey }), 401, ark("AuthenticationError"), { code: "authentication" }],
  [
    volcengineArk({ apiKey }),
    404,
    ark("InvalidEndpointOrModel.NotFound"),
    { code: "invalid_request", unknownModel: true },
  ],
  [volcengineArk({ apiKey }), 404, ark("ModelNotOpen"), { code: "invalid_request", unknownModel: true }],
  [volcengineArk({ apiKey }), 400, ark("SensitiveContentDetected.Violence"), { code: "content_filter" }],
  [volcengineArk({ apiKey }), 500, ark("InternalServiceError"), { code: "busy" }],
  [
    siliconFlow({ apiKey }),
    400,
    '{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}',
    { code: "invalid_request", unknownModel: true },
  ],
  [
    siliconFlow({ apiKey }),
    403,
    '{"code":30001,"message":"Sorry, your account balance is insufficient"}',
    { code: "insufficient_balance" },
  ],
  [
    siliconFlow({ apiKey }),
    503,
    '{"code":50508,"message":"System is too busy now. Please try again later.","data":null}',
    { code: "busy" },
  ],
  [
    siliconFlow({ apiKey }),
    429,
    '{"message":"Request was rejected due to rate limiting. Details:TPM limit reached.","data":null}',
    { code: "rate_limited" },
  ],
  [siliconFlow({ apiKey }), 401, '"Invalid token"', { code: "authentication" }],
  [
    siliconFlow({ apiKey }),
    401,
    '{"code":30014,"message":"Token is invalid."}',
    { message: expect.stringContaining("answered 401: Token is invalid - check the API key.") },
  ],
  [
    siliconFlow({ apiKey }),
    400,
    '{"code":20015,"message":"length of prompt_tokens (235121) must be less than max_seq_len (65536).","data":null}',
    { code: "context_length", maxTokens: 65_536 },
  ],
  [
    fireworks({ apiKey }),
    412,
    wrapped({ message: "Account is suspended", code: "PRECONDITION_FAILED", type: "error" }),
    { code: "insufficient_balance" },
  ],
  [
    fireworks({ apiKey }),
    404,
    wrapped({
      message: "Model not found, inaccessible, and/or not deployed",
      param: "model",
      code: "NOT_FOUND",
      type: "error",
    }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    fireworks({ apiKey }),
    429,
    wrapped({
      object: "error",
      type: "invalid_request_error",
      code: "too_many_requests",
      message: "the service is overloaded",
    }),
    { code: "rate_limited" },
  ],
  [
    fireworks({ apiKey }),
    401,
    wrapped({ message: "The API key you provided is invalid.", code: "UNAUTHORIZED", type: "error" }),
    { code: "authentication" },
  ],
  [
    together({ apiKey }),
    404,
    '{"id":"om","error":{"message":"Unable to access model bad","type":"invalid_request_error","param":null,"code":"model_not_available"}}',
    { code: "invalid_request", unknownModel: true },
  ],
  [
    together({ apiKey }),
    403,
    wrapped({ message: "Input token count + `max_tokens` parameter must be less than the context length" }),
    { code: "context_length" },
  ],
  [
    together({ apiKey }),
    429,
    wrapped({ message: "slow down", type: "dynamic_token_limited" }),
    { code: "rate_limited" },
  ],
  [
    poe({ apiKey }),
    402,
    wrapped({ code: 402, type: "insufficient_credits", message: "x" }),
    { code: "insufficient_balance" },
  ],
  [poe({ apiKey }), 529, wrapped({ code: 529, type: "overloaded_error", message: "x" }), { code: "busy" }],
  [poe({ apiKey }), 408, wrapped({ code: 408, type: "timeout_error", message: "x" }), { code: "busy" }],
  [poe({ apiKey }), 413, wrapped({ code: 413, type: "request_too_large", message: "x" }), { code: "context_length" }],
  [
    poe({ apiKey }),
    400,
    wrapped({
      message: "Model x does not support tool calling.",
      type: "invalid_request_error",
      param: "model",
      code: "unsupported_feature_for_model",
    }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    perplexity({ apiKey }),
    403,
    wrapped({ message: "Sonar is now the Agent API.", type: "chat_completions_not_available", code: 403 }),
    // It has ended for everybody: no remedy is added that speaks of a key.
    { code: "permission", message: "perplexity (sonar) answered 403: Sonar is now the Agent API." },
  ],
  [
    perplexity({ apiKey }),
    400,
    wrapped({ message: "Invalid model 'x'.", type: "invalid_model", code: 400 }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    azure({ resource: "lab", apiKey }),
    404,
    wrapped({ code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    azure({ resource: "lab", apiKey }),
    400,
    wrapped({ code: "content_filter", message: "The response was filtered" }),
    { code: "content_filter" },
  ],
  [
    azure({ resource: "lab", apiKey }),
    401,
    wrapped({ code: "401", message: "Access denied due to invalid subscription key" }),
    { code: "authentication" },
  ],
  [
    ollama({ model: "m" }),
    400,
    wrapped({ message: '"m" does not support thinking', type: "invalid_request_error" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    ollama({ model: "m" }),
    400,
    wrapped({ message: "registry.ollama.ai/library/m does not support tools" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    ollama({ model: "m" }),
    500,
    wrapped({ message: "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)" }),
    { code: "context_length", maxTokens: 8_192 },
  ],
  [ollama({ model: "m" }), 500, wrapped({ message: "context size exceeded somewhere" }), { code: "busy" }],
  [
    ollama({ model: "m" }),
    503,
    wrapped({ message: "server busy, please try again.  maximum pending requests exceeded" }),
    { code: "busy" },
  ],
  [
    vllm({ model: "m" }),
    400,
    wrapped({
      message:
        "This model's maximum context length is 40960 tokens. However, you requested 0 output tokens and your prompt contains at least 40961 input tokens",
      type: "BadRequestError",
      param: "input_tokens",
      code: 400,
    }),
    { code: "context_length", maxTokens: 40_960 },
  ],
  [
    vllm({ model: "m" }),
    400,
    wrapped({ message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set' }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    llamaCpp({ model: "m" }),
    400,
    wrapped({ message: "model is not loaded", type: "invalid_request_error" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    vllm({ model: "m" }),
    404,
    wrapped({ message: "The model `x` does not exist.", type: "NotFoundError", param: "model", code: 404 }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    vllm({ model: "m" }),
    400,
    wrapped({ message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set' }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    lmStudio({ model: "m" }),
    404,
    wrapped({ message: "No models loaded. Please load a model in the developer page.", param: "model", code: null }),
    { code: "invalid_request", unknownModel: true, message: expect.not.stringContaining("base URL") },
  ],
  [lmStudio({ model: "m" }), 400, '{"error":"Model is unloaded."}', { code: "invalid_request", unknownModel: true }],
  [lmStudio({ model: "m" }), 400, '{"error":"Context size has been exceeded"}', { code: "context_length" }],
  [
    llamaCpp({ model: "m" }),
    400,
    wrapped({ code: 400, message: "model is not loaded", type: "invalid_request_error" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    azure({ resource: "lab", apiKey }),
    400,
    wrapped({ code: "context_length_exceeded", message: "Please send less." }),
    { code: "context_length" },
  ],
  [
    perplexity({ apiKey }),
    400,
    wrapped({ code: 400, type: "too_many_prompt_tokens", message: "x" }),
    { code: "context_length" },
  ],
  [together({ apiKey }), 402, wrapped({ message: "Monthly token limit exceeded" }), { code: "insufficient_balance" }],
  [together({ apiKey }), 401, wrapped({ message: "Token limit exceeded" }), { code: "authentication" }],
  [volcengineArk({ apiKey }), 429, ark("QuotaExceeded"), { code: "insufficient_balance" }],
  [
    vllm({ model: "m" }),
    400,
    '{"object":"error","message":"bad","type":"BadRequestError","param":null,"code":400}',
    { code: "invalid_request" },
  ],
];

test.each(ANSWERS.map((answer) => [answer[0].name, ...answer] as const))(
  "%s: $2 $3",
  async (_, provider, status, body, expected) => {
    expect(await failureOf(provider, status, body)).toMatchObject({ ...expected, status });
  },
);
