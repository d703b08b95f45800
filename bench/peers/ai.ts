import { createDeepSeek } from "@ai-sdk/deepseek";
import { generateText, streamText } from "ai";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

const open = (baseURL: string) => createDeepSeek({ apiKey: API_KEY, baseURL })(MODEL);

/** What is nearest to chunks: all parts of the stream. */
export const chunks: Connect = (baseURL) => {
  const model = open(baseURL);
  return async (receive) => {
    for await (const part of streamText({ model, messages: MESSAGES }).fullStream) {
      if (part.type === "text-delta") receive(part.text);
    }
  };
};

export const text: Connect = (baseURL) => {
  const model = open(baseURL);
  return async (receive) => {
    for await (const piece of streamText({ model, messages: MESSAGES }).textStream) receive(piece);
  };
};

export const plain: Connect = (baseURL) => {
  const model = open(baseURL);
  return async (receive) => {
    const result = await generateText({ model, messages: MESSAGES });
    receive(result.text);
  };
};
