import * as z from "zod";
import type { ClientOptions } from "../../src/index.ts";
import type { SimulatorOptions } from "../../src/testing/index.ts";
import { createLoadWorld, type LoadWorld } from "./load-world.ts";

const recipe = z.object({
  title: z.string(),
  servings: z.number().int(),
  steps: z.array(z.object({ text: z.string(), minutes: z.number() })),
});

export const SOUP = {
  title: "Soup",
  servings: 4,
  steps: [
    { text: "Cut {everything}.", minutes: 10 },
    { text: 'Say "done".', minutes: 20 },
  ],
};
export const SOUP_TEXT = JSON.stringify(SOUP);

export const ASKED = {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "A soup, please." }],
  schema: recipe,
} as const;

/** A client over one simulated host that says these texts, one a fresh request; the last one again and again. */
export function createStructuredWorld(
  texts: readonly string[],
  host: Omit<SimulatorOptions, "answer" | "clock" | "apiKey"> = {},
  options: ClientOptions = {},
): LoadWorld & {
  /** The bodies of all requests so far. */
  sent(): readonly SentBody[];
} {
  let said = 0;
  const answer = () => ({ content: texts[Math.min(said++, texts.length - 1)] ?? "" });
  const world = createLoadWorld([{ ...host, answer }], options);
  return {
    ...world,
    // The simulator has checked that they are.
    sent: () => (world.hosts[0]?.requests ?? []).map(({ body }) => body as unknown as SentBody),
  };
}

interface SentBody {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly response_format?: unknown;
  readonly max_tokens?: number;
}
