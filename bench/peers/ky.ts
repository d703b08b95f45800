import ky from "ky";
import { API_KEY, type Connect, MESSAGES, MODEL } from "../client.ts";

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

export const plain: Connect = (baseURL) => async (receive) => {
  const headers = { authorization: `Bearer ${API_KEY}` };
  const json = { model: MODEL, messages: MESSAGES };
  const completion = await ky.post(`${baseURL}/chat/completions`, { headers, json }).json<Completion>();
  receive(completion.choices[0]?.message.content ?? "");
};
