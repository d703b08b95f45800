// One question, one answer: safe against a busy server as it stands.
//   npm run example first-message
import { createResilientClient, describeEvent } from "resilient-deepseek";

const client = createResilientClient({
  // DEEPSEEK_API_KEY comes from the environment. A busy server, or no network, is waited out for up to two minutes:
  // without a listener, in silence.
  onEvent: (event) => console.error(describeEvent(event)),
});

const completion = await client.chat.completions.create({
  model: "deepseek-flash",
  messages: [{ role: "user", content: "Why do servers get busy?" }],
});

console.log(completion.choices[0]?.message.content);
console.log(`${completion.usage?.total_tokens} tokens`);
