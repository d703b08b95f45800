import type { ChatRequest } from "../../src/chat/chat-request.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { drain, watchAttempt } from "./watched-attempt.ts";
import { fetchThat, makeChunk, makeEvent, makeResponse } from "./wire-response.ts";

const answer = [makeEvent(makeChunk({ content: "Hi" })), makeEvent(makeChunk({}, "stop"))];

/** What a provider sends for a request, and what comes back of these events. */
export async function exchange(provider: Provider, request: ChatRequest, events: readonly string[] = answer) {
  const { fetch, requests } = fetchThat(() => makeResponse(events));
  const { call } = watchAttempt({
    fetch,
    request,
    provider: provider.name,
    model: provider.model(request.model),
  });
  const chunks = await provider.send(call).then(drain);
  const [sent] = requests;
  return { url: sent?.url, headers: sent?.headers, body: JSON.parse(sent?.body ?? "") as unknown, chunks };
}
