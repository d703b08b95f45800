// Everybody is busy: here is what we know.
//   npm run example last-resort
import { BusyError, createResilientClient, custom, deepseek } from "resilient-deepseek";

const known = new Map<unknown, { answer: string; from: Date }>();

const lastResort = custom({
  name: "lastResort",
  afterRounds: 2, // only when all others have failed in two rounds
  abilities: { tools: false, json: false }, // whoever asks for those needs the real thing
  send: ({ messages }) => {
    const found = known.get(messages.at(-1)?.content);
    if (!found) throw new BusyError("lastResort: nobody has asked that before");
    return `We are busy; here is what we know of ${found.from.toDateString()}: ${found.answer}`;
  },
});

const client = createResilientClient({
  providers: [deepseek(), lastResort],
  retry: { maxRounds: 3 },
});

for (const content of ["What is a quasar?", "What is a quasar?", "What is a pulsar?"]) {
  try {
    const { data, report } = await client.chat.completions
      .create({ model: "deepseek-flash", messages: [{ role: "user", content }] })
      .withReport();
    const answer = data.choices[0]?.message.content ?? "";
    const provider = report.attempts.at(-1)?.provider;
    if (provider !== "lastResort") known.set(content, { answer, from: new Date() });
    console.log(`> ${content}\n${answer} (${provider})\n`);
  } catch {
    console.log(`> ${content}\nAll models are busy. Please try again in a few minutes.`);
  }
}
