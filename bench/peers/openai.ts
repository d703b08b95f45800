import OpenAI from "openai";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

const params = { model: MODEL, messages: MESSAGES };
const open = (baseURL: string) => new OpenAI({ apiKey: API_KEY, baseURL }).chat.completions;

export const chunks: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    for await (const chunk of await completions.create({ ...params, stream: true })) {
      receive(chunk.choices[0]?.delta.content ?? "");
    }
  };
};

export const bytes: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    const stream = await completions.create({ ...params, stream: true });
    // Its type says nothing of what is in it; it is bytes.
    for await (const part of stream.toReadableStream() as ReadableStream<Uint8Array>) receive(part);
  };
};

export const plain: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    const completion = await completions.create(params);
    receive(completion.choices[0]?.message.content ?? "");
  };
};

/** A client of its own, for questions of one's own. */
export function createAsk(baseURL: string, fetch: typeof globalThis.fetch) {
  const { completions } = new OpenAI({ apiKey: API_KEY, baseURL, fetch }).chat;
  return async (asked: typeof params): Promise<string> => {
    const { choices } = await completions.create(asked);
    return choices[0]?.message.content ?? "";
  };
}
