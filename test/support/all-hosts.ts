import {
  azure,
  custom,
  deepseek,
  fireworks,
  llamaCpp,
  lmStudio,
  ollama,
  openaiCompatible,
  openrouter,
  type Provider,
  perplexity,
  poe,
  siliconFlow,
  together,
  vllm,
  volcengineArk,
} from "../../src/index.ts";

const [apiKey, model, baseURL] = ["sk-any", "any", "https://host.example"];

/** One of each host there is, by the name of its function. */
export const ALL_HOSTS: Readonly<Record<string, Provider>> = {
  deepseek: deepseek({ apiKey }),
  openrouter: openrouter({ apiKey }),
  siliconFlow: siliconFlow({ apiKey }),
  fireworks: fireworks({ apiKey }),
  together: together({ apiKey }),
  volcengineArk: volcengineArk({ apiKey }),
  azure: azure({ apiKey, resource: "lab" }),
  poe: poe({ apiKey }),
  perplexity: perplexity({ apiKey }),
  lmStudio: lmStudio({ model }),
  ollama: ollama({ model }),
  llamaCpp: llamaCpp({ model }),
  vllm: vllm({ model }),
  openaiCompatible: openaiCompatible({ name: "openaiCompatible", baseURL, apiKey }),
  custom: custom({ name: "custom", send: () => Promise.reject(new Error("not asked")) }),
};
