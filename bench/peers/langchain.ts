import { ChatDeepSeek } from "@langchain/deepseek";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

const open = (baseURL: string) => new ChatDeepSeek({ apiKey: API_KEY, model: MODEL, configuration: { baseURL } });

export const chunks: Connect = (baseURL) => {
  const model = open(baseURL);
  return async (receive) => {
    for await (const chunk of await model.stream(MESSAGES)) receive(chunk.text);
  };
};

export const plain: Connect = (baseURL) => {
  const model = open(baseURL);
  return async (receive) => {
    const message = await model.invoke(MESSAGES);
    receive(message.text);
  };
};
