// The floor: the least code that gets the text, without a thought of what may go wrong.
import { createParser } from "eventsource-parser";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

export const connect: Connect = (baseURL) => {
  const post = (stream: boolean) =>
    fetch(`${baseURL}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model: MODEL, messages: MESSAGES, stream }),
    });
  return {
    async chunks() {
      let text = "";
      const parser = createParser({
        onEvent: ({ data }) => {
          if (data !== "[DONE]") text += JSON.parse(data).choices[0].delta.content ?? "";
        },
      });
      const { body } = await post(true);
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      const decoder = new TextDecoder();
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        parser.feed(decoder.decode(read.value, { stream: true }));
      }
      return text;
    },
    async plain() {
      const completion = await (await post(false)).json();
      return completion.choices[0].message.content;
    },
  };
};
