// When every server is busy, a rule of your own answers.
//   npm run example custom-provider
import { BusyError, createResilientClient, custom, deepseek } from "resilient-deepseek";

const frequentlyAsked = new Map([
  ["opening hours", "We are open from 9 to 17, Monday to Friday."],
  ["returns", "You can return everything within 30 days."],
]);

const faq = custom({
  name: "faq",
  afterRounds: 1, // the last resort: only after all others have failed once
  send: ({ messages }) => {
    const asked = String(messages.at(-1)?.content).toLowerCase();
    for (const [topic, answer] of frequentlyAsked) if (asked.includes(topic)) return answer;
    throw new BusyError("faq: nothing about that"); // as busy as the others: wait, and ask everybody again
  },
});

const client = createResilientClient({
  providers: [deepseek(), faq],
  retry: { maxRounds: 3 },
});

for (const content of ["What are your opening hours?", "Who was Ada Lovelace?"]) {
  try {
    const { data, report } = await client.chat.completions
      .create({ model: "deepseek-flash", messages: [{ role: "user", content }] })
      .withReport();
    console.log(`\n> ${content}\n${data.choices[0]?.message.content} (${report.attempts.at(-1)?.provider})`);
  } catch (error) {
    console.log(`\n> ${content}\nSorry, we are overloaded. Please try again in a few minutes.`);
    console.error(error instanceof Error ? error.message : error);
  }
}
