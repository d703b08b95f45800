// A time limit for each phase, for one provider, and for one call.
//   npm run example timeouts
import { createResilientClient, deepseek, openrouter, TimeoutError } from "resilient-deepseek";

const client = createResilientClient({
  // One attempt, phase by phase: no headers within 20 s, or no token for a minute, and it is asked again.
  timeouts: { headersMs: 20_000, contentMs: 60_000 },
  providers: [
    deepseek({ timeouts: { queueMs: 25_000 } }), // its queue may keep a call this long; then the next one is asked
    openrouter({ baseURL: process.env["OPENROUTER_BASE_URL"] }), // skipped without OPENROUTER_API_KEY
  ],
  onEvent: (event) => {
    if (event.type === "attempt-start") console.error(`asks ${event.attempt.provider}`);
    if (event.type !== "attempt-end") return;
    const { outcome, error } = event.attempt;
    console.error(error?.phase ? `  the limit of "${error.phase}" ran out` : `  ${error?.code ?? outcome}`);
  },
});

const question = { model: "deepseek-flash", messages: [{ role: "user", content: "How long is soon?" }] } as const;

try {
  const answer = await client.chat.completions.create(question);
  console.log(answer.choices[0]?.message.content);

  // The whole call, over all attempts: 15 s to the first token, a minute to the last.
  const timeouts = { startMs: 15_000, totalMs: 60_000 };
  const second = await client.chat.completions.create(question, { timeouts, providers: ["deepseek"] });
  console.log(second.choices[0]?.message.content);
} catch (error) {
  if (!TimeoutError.isInstance(error)) throw error;
  console.log(`No answer in time: the limit of "${error.phase}" ran out.`);
}
