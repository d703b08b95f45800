import { expect, test } from "vitest";
import { createResilientClient, deepseek, openrouter } from "../../src/index.ts";
import { createVirtualClock } from "../../src/testing/index.ts";
import { PARAMS } from "../support/load-world.ts";

test("what OpenRouter told of an answer counts for the attempts after it", async () => {
  const usage = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, cost: 0.5 };
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (url) => {
    asked.push(new URL(String(url)).hostname);
    const choices = [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }];
    return Response.json({ id: "x", object: "chat.completion", created: 1, model: "m", choices, usage });
  };
  const providers = [
    openrouter({ apiKey: "k" }),
    deepseek({ apiKey: "k", price: { promptUsd: 10_000, completionUsd: 0 } }),
  ];
  const ask = async (maxCostUsd: number) => {
    const clock = createVirtualClock();
    const client = createResilientClient({ providers, fetch, clock, wire: "json", retry: false });
    await clock.run(client.chat.completions.create(PARAMS, { maxCostUsd }).catch(() => {}));
    return asked.splice(0);
  };
  // 13 cents for DeepSeek's prompt.
  expect(await ask(0.6)).toEqual(["openrouter.ai"]);
  expect(await ask(0.7)).toEqual(["openrouter.ai", "api.deepseek.com"]);
});
