// One question, one answer: safe against a busy server as it stands.
//   npm run example first-message
import { createResilientClient } from "resilient-deepseek";

const client = createResilientClient(); // DEEPSEEK_API_KEY from the environment

const completion = await client.chat.completions.create({
  model: "deepseek-flash",
  messages: [{ role: "user", content: "Why do servers get busy?" }],
});

console.log(completion.choices[0]?.message.content);
console.log(`${completion.usage?.total_tokens} tokens`);
