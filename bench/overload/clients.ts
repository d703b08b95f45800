// The three clients. Each is made with its defaults.
import { type ClientOptions, createResilientClient } from "../../src/index.ts";
import { API_KEY } from "../client.ts";
import { type CreateClient, paramsOf, type World } from "./world.ts";

/** This package. `options`: to try other defaults. */
export const ours =
  (options: ClientOptions = {}): CreateClient =>
  ({ clock, fetch, baseURL, random }) => {
    const client = createResilientClient({ apiKey: API_KEY, baseURL, clock, fetch, random, ...options });
    return async (question) => {
      const { choices } = await client.chat.completions.create(paramsOf(question));
      return choices[0]?.message.content ?? "";
    };
  };

const NAIVE_RETRIES = 5;
const NAIVE_WAIT_MS = 100;

/** What many apps have: plain fetch in a loop, five retries, a tenth of a second apart. */
export const naive: CreateClient = (world) => async (question) => {
  for (let retries = 0; ; retries++) {
    try {
      return await post(world, question);
    } catch (error) {
      if (retries === NAIVE_RETRIES) throw error;
    }
    await new Promise<void>((resolve) => {
      world.clock.after(NAIVE_WAIT_MS, resolve);
    });
  }
};

async function post({ fetch, baseURL }: World, question: string): Promise<string> {
  const response = await fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(paramsOf(question)),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status}`);
  }
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}

/** The OpenAI SDK, as it is: two retries, half a second and more apart, by chance of its own. */
export async function openai(): Promise<CreateClient> {
  // By a name that is no literal: its package lives with the other peers, and the types of the house do without it.
  const peer = (await import(new URL("../peers/openai.ts", import.meta.url).href)) as { createAsk: CreateSdkAsk };
  return ({ baseURL, fetch }) => {
    const ask = peer.createAsk(baseURL, fetch);
    return (question) => ask(paramsOf(question));
  };
}

type CreateSdkAsk = (
  baseURL: string,
  fetch: World["fetch"],
) => (params: ReturnType<typeof paramsOf>) => Promise<string>;
