import OpenAI from "openai";
import { API_KEY, type Connect, MESSAGES, MODEL, textOfLines } from "../client.ts";

export const connect: Connect = (baseURL) => {
  const { completions } = new OpenAI({ apiKey: API_KEY, baseURL }).chat;
  const params = { model: MODEL, messages: MESSAGES };
  return {
    async chunks() {
      let text = "";
      for await (const chunk of await completions.create({ ...params, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? "";
      }
      return text;
    },
    async bytes() {
      const parts: Uint8Array[] = [];
      const stream = await completions.create({ ...params, stream: true });
      for await (const part of stream.toReadableStream() as ReadableStream<Uint8Array>) parts.push(part);
      return () => textOfLines(parts);
    },
    async plain() {
      const completion = await completions.create(params);
      return completion.choices[0]?.message.content ?? "";
    },
  };
};
