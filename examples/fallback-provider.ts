// When DeepSeek is busy, another host answers at once.
//   npm run example fallback-provider
import { createResilientClient, deepseek, describeEvent, lmStudio, openrouter } from "resilient-deepseek";

const client = createResilientClient({
  providers: [
    deepseek(),
    openrouter({ baseURL: process.env["OPENROUTER_BASE_URL"] }), // skipped without OPENROUTER_API_KEY
    lmStudio({ model: "qwen3-8b" }), // any model you have loaded
  ],
  onEvent: (event) => console.error(describeEvent(event)),
});

const { data, report } = await client.chat.completions
  .create({ model: "deepseek-flash", messages: [{ role: "user", content: "Hello" }] })
  .withReport();

console.log(data.choices[0]?.message.content);
console.log(`answered by ${report.attempts.at(-1)?.provider}, attempt ${report.attempts.length}`);
