import { type ClientOptions, createResilientClient } from "resilient-deepseek";
import { KEY } from "./key.ts";
import type { World } from "./world.ts";

/** Without thinking, so that the first token is text. */
export const params = {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "What does a patient client do while the server is busy?" }],
  thinking: { type: "disabled" },
} as const;

/** Waits between rounds are short: what is proved is that they happen. */
const QUICK = { retry: { backoff: () => 20 } } as const;

export function clientOf(world: Pick<World, "url">, options: Omit<ClientOptions, "providers"> = {}) {
  return createResilientClient({
    apiKey: KEY,
    baseURL: world.url,
    // Without meaning outside a browser.
    dangerouslyAllowBrowser: true,
    ...QUICK,
    ...options,
  });
}
