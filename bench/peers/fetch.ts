// The floor: the least code that gets the text, without a thought of what may go wrong.
import { createParser } from "eventsource-parser";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

const post = (baseURL: string, stream: boolean) =>
  fetch(`${baseURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: MESSAGES, stream }),
  });

export const chunks: Connect = (baseURL) => async (receive) => {
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data !== "[DONE]") receive(JSON.parse(data).choices[0].delta.content ?? "");
    },
  });
  const { body } = await post(baseURL, true);
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parser.feed(decoder.decode(read.value, { stream: true }));
  }
};

export const plain: Connect = (baseURL) => async (receive) => {
  const response = await post(baseURL, false);
  const completion = await response.json();
  receive(completion.choices[0].message.content);
};
