import { type ChatMessage, type Conversation, type ConversationOptions, conversation } from "../../src/index.ts";
import { promptTokens } from "../../src/testing/request-rules.ts";
import { createLoadWorld, type LoadWorld } from "./load-world.ts";

type HostOptions = Parameters<typeof createLoadWorld>[0][number];

/** A conversation over one simulated host. */
export interface ConversationWorld extends LoadWorld {
  readonly chat: Conversation;
  /** The messages of each request so far. */
  sent(): (readonly ChatMessage[])[];
}

export const MODEL = "deepseek-flash";

/** No retries unless asked for: what fails, fails. */
export function createConversationWorld(
  host: HostOptions = {},
  options: Partial<ConversationOptions> = {},
): ConversationWorld {
  const world = createLoadWorld([host], { retry: false, resume: false });
  const { client, hosts } = world;
  return {
    ...world,
    chat: conversation(client, { model: MODEL, thinking: { type: "disabled" }, ...options }),
    sent: () => hosts[0]?.requests.map(({ body }) => body.messages as unknown as readonly ChatMessage[]) ?? [],
  };
}

/** What a server's cache would know of each request: the longest beginning it has in common with one before. */
export function cacheShare(requests: readonly (readonly ChatMessage[])[]): {
  readonly hit: number;
  readonly all: number;
} {
  const known = new Set<string>();
  const sum = { hit: 0, all: 0 };
  const weigh = (messages: readonly ChatMessage[]) => promptTokens({ messages });
  for (const messages of requests) {
    let hit = 0;
    let key = "";
    const keys = messages.map((message) => {
      key = hash(key + JSON.stringify(message));
      return key;
    });
    while (hit < keys.length && known.has(keys[hit] as string)) hit += 1;
    sum.hit += weigh(messages.slice(0, hit));
    sum.all += weigh(messages);
    for (const each of keys) known.add(each);
  }
  return sum;
}

function hash(text: string): string {
  let [one, two] = [5381, 52711];
  for (let at = 0; at < text.length; at += 1) {
    one = (one * 33) ^ text.charCodeAt(at);
    two = (two * 31) ^ text.charCodeAt(at);
  }
  return `${one >>> 0}.${two >>> 0}`;
}
