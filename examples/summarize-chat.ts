// A long chat goes on from a summary that a cheap model wrote.
//   npm run example summarize-chat
import { conversation, createResilientClient, summarize } from "resilient-deepseek";

await using client = createResilientClient();
const chat = conversation(client, {
  model: "deepseek-v4-pro",
  system: "You plan a journey with the user.",
  thinking: { type: "disabled" },
});

for (const wish of ["I like mountains.", "I have ten days in May.", "No flights, please."]) await chat.send(wish);
console.log(`${chat.messages.length} messages, about ${chat.tokens} tokens`);

// If the summary fails, the history stays as it was.
const plan = await chat.flush(summarize({ model: "deepseek-flash", maxTokens: 300 }));
console.log(`${chat.messages.length} messages, about ${chat.tokens} tokens; ${plan.gone.length} became the summary:`);
console.log(chat.messages[1]?.content);

const { choices } = await chat.send("Where do we go?");
console.log(`\n${choices[0]?.message.content}`);
