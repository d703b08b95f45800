import { createResilientClient } from "../../dist/index.js";
import { API_KEY, type Connect, MESSAGES, MODEL, textOfLines } from "../client.ts";

export const connect: Connect = (baseURL) => {
  const { completions } = createResilientClient({ apiKey: API_KEY, baseURL }).chat;
  const params = { model: MODEL, messages: MESSAGES };
  return {
    async chunks() {
      let text = "";
      for await (const chunk of await completions.create({ ...params, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? "";
      }
      return text;
    },
    async text() {
      let text = "";
      for await (const piece of completions.stream(params).textStream()) text += piece;
      return text;
    },
    async bytes() {
      const parts: Uint8Array[] = [];
      for await (const part of completions.stream(params).toReadableStream()) parts.push(part);
      return () => textOfLines(parts);
    },
    async plain() {
      const completion = await completions.create(params);
      return completion.choices[0]?.message.content ?? "";
    },
    async json() {
      const completion = await completions.create(params, { wire: "json" });
      return completion.choices[0]?.message.content ?? "";
    },
  };
};
