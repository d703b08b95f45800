import { createResilientClient } from "../../dist/index.js";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

const params = { model: MODEL, messages: MESSAGES };
const open = (baseURL: string) => createResilientClient({ apiKey: API_KEY, baseURL }).chat.completions;

export const chunks: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    for await (const chunk of await completions.create({ ...params, stream: true })) {
      receive(chunk.choices[0]?.delta.content ?? "");
    }
  };
};

export const text: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    for await (const piece of completions.stream(params).textStream()) receive(piece);
  };
};

export const bytes: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    for await (const part of completions.stream(params).toReadableStream()) receive(part);
  };
};

export const plain: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    const completion = await completions.create(params);
    receive(completion.choices[0]?.message.content ?? "");
  };
};

export const json: Connect = (baseURL) => {
  const completions = open(baseURL);
  return async (receive) => {
    const completion = await completions.create(params, { wire: "json" });
    receive(completion.choices[0]?.message.content ?? "");
  };
};
