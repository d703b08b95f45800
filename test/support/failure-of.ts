import type { Provider } from "../../src/providers/provider.ts";
import { rejectionOf } from "./abort-reasons.ts";
import { watchAttempt } from "./watched-attempt.ts";

/** What a provider makes of a body that is no success. */
export function failureOf(provider: Provider, status: number, body: string): Promise<unknown> {
  const request = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
  const fetch = async () => new Response(body, { status });
  const { call } = watchAttempt({ fetch, request, provider: provider.name, model: provider.model(request.model) });
  return rejectionOf(provider.send(call));
}

/** An error in the envelope most hosts have. */
export const wrapped = (error: object): string => JSON.stringify({ error });
