import { expect, test } from "vitest";
import {
  azure,
  fireworks,
  ollama,
  openaiCompatible,
  openrouter,
  perplexity,
  poe,
  siliconFlow,
  together,
  vllm,
  volcengineArk,
} from "../../../src/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { failureOf, wrapped } from "../../support/failure-of.ts";
import { SECRET } from "../../support/secret-leaks.ts";

const apiKey = SECRET;
const lab = openaiCompatible({ name: "lab", baseURL: "https://lab.example/v1", apiKey });
const ark = (code: string) => wrapped({ code, message: "x Request id: 0217", param: "", type: "NotFound" });

/** What else is worth saying of a name the host does not know. */
const unknown = (name: string) => ({
  code: "invalid_request",
  unknownModel: true,
  message: expect.stringMatching(
    new RegExp(
      `^${name} \\(.* - put the name the model has there into the option models \\(or model\\) of ${name}\\.$`,
    ),
  ),
});
/** It knows the model: another name would not help. */
const unable = {
  code: "invalid_request",
  unknownModel: true,
  message: expect.not.stringMatching(/base URL|option models/),
};

// The bodies are those of each host's documentation, or seen in reports of its users.
const ANSWERS: readonly (readonly [Provider, number, string, object])[] = [
  [volcengineArk({ apiKey }), 404, ark("InvalidEndpointOrModel.NotFound"), unknown("volcengineArk")],
  [volcengineArk({ apiKey }), 404, ark("ModelNotOpen"), unable],
  [volcengineArk({ apiKey }), 404, ark("UnsupportedModel"), unable],
  [
    siliconFlow({ apiKey }),
    400,
    '{"code":20012,"message":"Model does not exist. Please check it carefully.","data":null}',
    unknown("siliconFlow"),
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
    unknown("fireworks"),
  ],
  [
    together({ apiKey }),
    404,
    '{"id":"om","error":{"message":"Unable to access model bad","type":"invalid_request_error","param":null,"code":"model_not_available"}}',
    unknown("together"),
  ],
  [
    poe({ apiKey }),
    400,
    wrapped({
      message: "Model x does not support tool calling.",
      type: "invalid_request_error",
      param: "model",
      code: "unsupported_feature_for_model",
    }),
    unable,
  ],
  [poe({ apiKey }), 404, wrapped({ code: 404, type: "not_found_error", message: "x" }), unknown("poe")],
  [
    openrouter({ apiKey }),
    400,
    wrapped({ code: 400, message: "x-1.5 is not a valid model ID" }),
    unknown("openrouter"),
  ],
  [
    openrouter({ apiKey }),
    404,
    wrapped({ code: 404, message: "No endpoints found for x/y:free." }),
    unknown("openrouter"),
  ],
  [openrouter({ apiKey }), 404, wrapped({ code: 404, message: "No endpoints found that support tool use." }), unable],
  [
    openrouter({ apiKey }),
    404,
    wrapped({ code: 404, message: "No endpoints available matching your guardrail restrictions and data policy." }),
    unable,
  ],
  // As LiteLLM says it, and as OpenAI does.
  [
    lab,
    400,
    wrapped({ message: "Invalid model name passed in model=x", type: "invalid_request_error", code: "400" }),
    unknown("lab"),
  ],
  [
    lab,
    404,
    wrapped({ message: "The model `x-4.1` does not exist or you do not have access to it.", code: "model_not_found" }),
    unknown("lab"),
  ],
  [
    vllm({ model: "m" }),
    404,
    wrapped({ message: "The model `x` does not exist.", type: "NotFoundError", param: "model", code: 404 }),
    unknown("vllm"),
  ],
  [ollama({ model: "m" }), 404, wrapped({ message: 'model "m" not found, try pulling it first' }), unknown("ollama")],
  // A path that is none of the API's.
  [
    lab,
    404,
    '{"detail":"Not Found"}',
    { code: "invalid_request", message: "lab (deepseek-flash) answered 404: Not Found - check the base URL." },
  ],
  [
    perplexity({ apiKey }),
    400,
    wrapped({ message: "Invalid model 'x'.", type: "invalid_model", code: 400 }),
    unknown("perplexity"),
  ],
  [
    azure({ resource: "lab", apiKey }),
    404,
    wrapped({ code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." }),
    unknown("azure"),
  ],
];

test.each(ANSWERS.map((answer) => [answer[0].name, ...answer] as const))(
  "%s: $2 $3",
  async (_, provider, status, body, expected) => {
    expect(await failureOf(provider, status, body)).toMatchObject({ ...expected, status });
  },
);
