// When DeepSeek is busy, another host answers at once.
//   npm run example fallback-provider
import { createResilientClient, deepseek, describeEvent, openaiCompatible } from "resilient-deepseek";

const client = createResilientClient({
  providers: [
    deepseek(),
    openaiCompatible({
      name: "backup",
      baseURL: process.env["BACKUP_BASE_URL"] ?? "https://openrouter.ai/api/v1",
      apiKey: process.env["BACKUP_API_KEY"], // not set: this host is skipped
      models: { "deepseek-flash": process.env["BACKUP_MODEL"] ?? "deepseek/deepseek-v4.1-flash" },
    }),
  ],
  onEvent: (event) => console.error(describeEvent(event)),
});

const { data, report } = await client.chat.completions
  .create({ model: "deepseek-flash", messages: [{ role: "user", content: "Hello" }] })
  .withReport();

console.log(data.choices[0]?.message.content);
console.log(`answered by ${report.attempts.at(-1)?.provider}, attempt ${report.attempts.length}`);
