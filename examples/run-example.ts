// Runs an example: against the real API with DEEPSEEK_API_KEY, else against a simulated one on this machine.
//   npm run example                  lists them
//   npm run example first-message    runs one
import { ResilientClientError } from "resilient-deepseek";
import { createSimulator } from "resilient-deepseek/testing";
import { chooseTrouble } from "./runner/choose-trouble.ts";
import { findExamples, listExamples } from "./runner/find-examples.ts";
import { speedUpTime } from "./runner/speed-up-time.ts";

const examples = findExamples();
const asked = process.argv[2];
const example = examples.find(({ name }) => name === asked);

if (example && process.env["DEEPSEEK_API_KEY"]) await run(example.file);
else if (example) await simulate(example.name, example.file);
else if (asked === undefined) {
  console.log(`${listExamples(examples, process.stdout.columns ?? 80)}\nRun one:  npm run example first-message`);
} else {
  console.error(`There is no example "${asked}". There are:\n${examples.map(({ name }) => `  ${name}`).join("\n")}`);
  process.exitCode = 2;
}

async function simulate(name: string, file: URL): Promise<void> {
  const { notice, speed = 1, script = [], ...trouble } = chooseTrouble(name);
  console.error(`No DEEPSEEK_API_KEY: a simulated DeepSeek answers; ${notice}.`);
  if (speed !== 1) {
    console.error(`Time runs faster here: ${speed} seconds pass in one.`);
    speedUpTime(speed);
  }
  console.error("");
  const timing = { headMs: 200 * speed, tokenMs: 20 * speed };
  await using deepseek = createSimulator({ timing, script, ...trouble });
  await using backup = createSimulator({ timing, seed: 2, dialect: "openrouter" });
  process.env["DEEPSEEK_API_KEY"] = "sk-simulated";
  process.env["DEEPSEEK_BASE_URL"] = (await deepseek.listen()).url;
  process.env["OPENROUTER_API_KEY"] = "sk-simulated";
  process.env["OPENROUTER_BASE_URL"] = (await backup.listen()).url;
  await run(file);
}

/** A failure the example leaves to its caller is told in a sentence: the stack of a refused key helps nobody. */
async function run(file: URL): Promise<void> {
  try {
    await import(file.href);
  } catch (error) {
    if (!ResilientClientError.isInstance(error)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  }
}
