// What a day cost, model by model; and a call that would cost too much.
//   npm run example cost-of-a-day
import { CostLimitError, createResilientClient } from "resilient-deepseek";

const client = createResilientClient({
  costWindow: { maxCostUsd: 5 }, // all calls together, within any 24 hours
  maxCostUsd: 0.01, // each of them, with all its attempts
});
const model = "deepseek-flash";

for (const content of ["Why is the sky blue?", "Why is the sea?", "And why is a whale?"]) {
  const messages = [{ role: "user", content }] as const;
  const { report } = await client.chat.completions.create({ model, messages }).withReport();
  const { useful = 0, wasted = 0 } = report.costUsd ?? {};
  console.log(`$${(useful + wasted).toFixed(6)}  requests: ${report.attempts.length}  ${content}`);
}

const { since, models } = client.usage();
console.log(`\nsince ${new Date(since).toISOString()}`);
for (const { provider, model: name, attempts, tokens, costUsd } of models) {
  const count = tokens.promptTokens + tokens.completionTokens;
  const cost = costUsd
    ? `${costUsd.estimated ? "about " : ""}$${(costUsd.useful + costUsd.wasted).toFixed(6)}, $${costUsd.wasted.toFixed(6)} of it wasted`
    : "price unknown";
  console.log(`${provider} (${name})  ${attempts} requests  ${count} tokens  ${cost}`);
}

try {
  const messages = [{ role: "user", content: "Read this, please. ".repeat(1_000) }] as const;
  await client.chat.completions.create({ model, messages }, { maxCostUsd: 0.000_001 });
} catch (error) {
  if (!CostLimitError.isInstance(error)) throw error;
  console.log(`\nNot asked: ${error.message}`);
}
