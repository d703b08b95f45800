import { createResilientClient, ResilientClientError } from "resilient-deepseek";
import type { Screen } from "./screen.ts";
import { createTimeline } from "./timeline.ts";

/** One question to the real API, with the same timeline. Returns the exit code. */
export async function askTheRealApi(screen: Screen, signal: AbortSignal): Promise<number> {
  screen.heading("resilient-deepseek against the real API");
  screen.text("One short question to deepseek-flash, without thinking: it costs a fraction of a cent.");
  try {
    await ask(screen, signal);
    return 0;
  } catch (error) {
    screen.rest();
    if (!ResilientClientError.isInstance(error)) throw error;
    console.error(`\n${error.code}: ${error.message}`);
    return 1;
  }
}

async function ask(screen: Screen, signal: AbortSignal): Promise<void> {
  const timeline = createTimeline();
  await using client = createResilientClient({
    onEvent(event) {
      for (const line of timeline.add(event)) screen.line(line);
    },
  });
  screen.activity(() => ({ activity: timeline.activity, servers: [] }));
  const { choices, usage } = await client.chat.completions.create(
    {
      model: "deepseek-flash",
      thinking: { type: "disabled" },
      messages: [{ role: "user", content: "In one sentence: why are servers busy?" }],
    },
    { signal },
  );
  screen.rest();
  console.log(`\n${choices[0]?.message.content}\n`);
  screen.text(`${usage?.prompt_tokens ?? "?"} tokens asked, ${usage?.completion_tokens ?? "?"} answered.`);
}
