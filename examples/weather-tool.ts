// A tool the model may use: typed by a schema, run as often as it asks.
//   npm run example weather-tool
import { createResilientClient, streamTools, tool } from "resilient-deepseek";
import * as z from "zod";

const degrees: Readonly<Record<string, number>> = { Oslo: -3, Cairo: 31 };

const weather = tool({
  name: "weather",
  description: "The temperature in a city, now.",
  input: z.object({ city: z.string().describe("The name alone, in English") }),
  execute({ city }) {
    const celsius = degrees[city];
    // The model reads this, and can ask again.
    if (celsius === undefined) throw new Error(`Unknown city. Known are: ${Object.keys(degrees).join(", ")}.`);
    return { celsius };
  },
});

await using client = createResilientClient();
const run = streamTools(client, {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "How much warmer is Cairo than Oslo?" }],
  tools: [weather],
});

for await (const part of run.parts()) {
  if (part.type === "text-delta") process.stdout.write(part.text);
  if (part.type === "tool-result") console.log(`${part.name} of ${part.input.city}: ${part.output.celsius} °C`);
  if (part.type === "tool-error") console.log(`${part.name}: ${part.told}`);
}
const { steps, usage } = await run.finalResult();
console.log(`\n(${steps.length} answers, ${usage.completionTokens} tokens)`);
