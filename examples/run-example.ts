// Runs an example: against the real API with DEEPSEEK_API_KEY, else against a simulated one on this machine.
//   npm run example first-message
import { existsSync } from "node:fs";
import { createSimulator } from "resilient-deepseek/testing";

const name = process.argv[2] ?? "";
const file = new URL(`./${name}.ts`, import.meta.url);
if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
  console.error("Usage: npm run example first-message | stream-to-terminal | fallback-provider");
  process.exit(2);
}

if (process.env["DEEPSEEK_API_KEY"]) await import(file.href);
else {
  console.error("No DEEPSEEK_API_KEY: a simulated DeepSeek answers, and the first time it is busy.\n");
  const timing = { headMs: 200, tokenMs: 20 };
  const faults = name === "fallback-provider" ? [{ kind: "busy" as const }] : [];
  await using deepseek = createSimulator({ timing, faults, script: ["busy"] });
  await using backup = createSimulator({ timing, seed: 2, dialect: "openrouter" });
  process.env["DEEPSEEK_API_KEY"] = "sk-simulated";
  process.env["DEEPSEEK_BASE_URL"] = (await deepseek.listen()).url;
  process.env["OPENROUTER_API_KEY"] = "sk-simulated";
  process.env["OPENROUTER_BASE_URL"] = (await backup.listen()).url;
  await import(file.href);
}
