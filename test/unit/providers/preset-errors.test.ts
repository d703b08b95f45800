import { expect, test } from "vitest";
import type { Provider } from "../../../src/providers/provider.ts";
import { ALL_HOSTS } from "../../support/all-hosts.ts";
import { failureOf, wrapped } from "../../support/failure-of.ts";

const ark = (code: string, message = "x", type = "TooManyRequests") =>
  JSON.stringify({ error: { code, message: `${message} Request id: 0217`, param: "", type } });

// The bodies are those of each host's documentation, or seen in reports of its users: see docs/providers.md.
const ANSWERS: readonly (readonly [host: string, status: number, body: string, expected: object])[] = [
  ["volcengineArk", 429, ark("ServerOverloaded"), { code: "busy" }],
  ["volcengineArk", 429, ark("RateLimitExceeded.EndpointRPMExceeded"), { code: "rate_limited" }],
  ["volcengineArk", 429, ark("SetLimitExceeded"), { code: "insufficient_balance" }],
  ["volcengineArk", 403, ark("AccountOverdueError"), { code: "insufficient_balance" }],
  ["volcengineArk", 401, ark("AuthenticationError"), { code: "authentication" }],
  ["volcengineArk", 404, ark("InvalidEndpointOrModel.NotFound"), { code: "invalid_request", unknownModel: true }],
  ["volcengineArk", 404, ark("ModelNotOpen"), { code: "invalid_request", unknownModel: true }],
  ["volcengineArk", 400, ark("SensitiveContentDetected.Violence"), { code: "content_filter" }],
  ["volcengineArk", 500, ark("InternalServiceError"), { code: "busy" }],
  [
    "siliconFlow",
    400,
    '{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}',
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "siliconFlow",
    403,
    '{"code":30001,"message":"Sorry, your account balance is insufficient"}',
    { code: "insufficient_balance" },
  ],
  [
    "siliconFlow",
    503,
    '{"code":50508,"message":"System is too busy now. Please try again later.","data":null}',
    { code: "busy" },
  ],
  [
    "siliconFlow",
    429,
    '{"message":"Request was rejected due to rate limiting. Details:TPM limit reached.","data":null}',
    { code: "rate_limited" },
  ],
  ["siliconFlow", 401, '"Invalid token"', { code: "authentication" }],
  [
    "siliconFlow",
    401,
    '{"code":30014,"message":"Token is invalid."}',
    { message: expect.stringContaining("answered 401: Token is invalid - check the API key.") },
  ],
  [
    "siliconFlow",
    400,
    '{"code":20015,"message":"length of prompt_tokens (235121) must be less than max_seq_len (65536).","data":null}',
    { code: "context_length", maxTokens: 65_536 },
  ],
  [
    "fireworks",
    412,
    wrapped({ message: "Account is suspended", code: "PRECONDITION_FAILED", type: "error" }),
    { code: "insufficient_balance" },
  ],
  [
    "fireworks",
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
    "fireworks",
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
    "fireworks",
    401,
    wrapped({ message: "The API key you provided is invalid.", code: "UNAUTHORIZED", type: "error" }),
    { code: "authentication" },
  ],
  [
    "together",
    404,
    '{"id":"om","error":{"message":"Unable to access model bad","type":"invalid_request_error","param":null,"code":"model_not_available"}}',
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "together",
    403,
    wrapped({ message: "Input token count + `max_tokens` parameter must be less than the context length" }),
    { code: "context_length" },
  ],
  ["together", 429, wrapped({ message: "slow down", type: "dynamic_token_limited" }), { code: "rate_limited" }],
  ["poe", 402, wrapped({ code: 402, type: "insufficient_credits", message: "x" }), { code: "insufficient_balance" }],
  ["poe", 529, wrapped({ code: 529, type: "overloaded_error", message: "x" }), { code: "busy" }],
  ["poe", 408, wrapped({ code: 408, type: "timeout_error", message: "x" }), { code: "busy" }],
  ["poe", 413, wrapped({ code: 413, type: "request_too_large", message: "x" }), { code: "context_length" }],
  [
    "poe",
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
    "perplexity",
    403,
    wrapped({ message: "Sonar is now the Agent API.", type: "chat_completions_not_available", code: 403 }),
    // It has ended for everybody: no remedy is added that speaks of a key.
    { code: "permission", message: "perplexity (sonar) answered 403: Sonar is now the Agent API." },
  ],
  [
    "perplexity",
    400,
    wrapped({ message: "Invalid model 'x'.", type: "invalid_model", code: 400 }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "azure",
    404,
    wrapped({ code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." }),
    { code: "invalid_request", unknownModel: true },
  ],
  ["azure", 400, wrapped({ code: "content_filter", message: "The response was filtered" }), { code: "content_filter" }],
  [
    "azure",
    401,
    wrapped({ code: "401", message: "Access denied due to invalid subscription key" }),
    { code: "authentication" },
  ],
  [
    "ollama",
    400,
    wrapped({ message: '"m" does not support thinking', type: "invalid_request_error" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "ollama",
    400,
    wrapped({ message: "registry.ollama.ai/library/m does not support tools" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "ollama",
    500,
    wrapped({ message: "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)" }),
    { code: "context_length", maxTokens: 8_192 },
  ],
  ["ollama", 500, wrapped({ message: "context size exceeded somewhere" }), { code: "busy" }],
  [
    "ollama",
    503,
    wrapped({ message: "server busy, please try again.  maximum pending requests exceeded" }),
    { code: "busy" },
  ],
  [
    "vllm",
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
    "vllm",
    404,
    wrapped({ message: "The model `x` does not exist.", type: "NotFoundError", param: "model", code: 404 }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "vllm",
    400,
    wrapped({ message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set' }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "lmStudio",
    404,
    wrapped({ message: "No models loaded. Please load a model in the developer page.", param: "model", code: null }),
    { code: "invalid_request", unknownModel: true, message: expect.not.stringContaining("base URL") },
  ],
  ["lmStudio", 400, '{"error":"Model is unloaded."}', { code: "invalid_request", unknownModel: true }],
  ["lmStudio", 400, '{"error":"Context size has been exceeded"}', { code: "context_length" }],
  [
    "llamaCpp",
    400,
    wrapped({ code: 400, message: "model is not loaded", type: "invalid_request_error" }),
    { code: "invalid_request", unknownModel: true },
  ],
  [
    "azure",
    400,
    wrapped({ code: "context_length_exceeded", message: "Please send less." }),
    { code: "context_length" },
  ],
  ["perplexity", 400, wrapped({ code: 400, type: "too_many_prompt_tokens", message: "x" }), { code: "context_length" }],
  ["together", 402, wrapped({ message: "Monthly token limit exceeded" }), { code: "insufficient_balance" }],
  ["together", 401, wrapped({ message: "Token limit exceeded" }), { code: "authentication" }],
  ["volcengineArk", 429, ark("QuotaExceeded"), { code: "insufficient_balance" }],
  [
    "vllm",
    400,
    '{"object":"error","message":"bad","type":"BadRequestError","param":null,"code":400}',
    { code: "invalid_request" },
  ],
];

test.each(ANSWERS)("%s means by %d %s what it stands for", async (host, status, body, expected) => {
  expect(await failureOf(ALL_HOSTS[host] as Provider, status, body)).toMatchObject({ ...expected, status });
});
