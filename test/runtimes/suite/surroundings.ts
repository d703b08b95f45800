import { createResilientClient, InvalidOptionsError, MissingApiKeyError, openrouter } from "resilient-deepseek";
import { casesOf, check, rejectionOf, same } from "./case.ts";
import { params } from "./client.ts";
import { KEY } from "./key.ts";

/** Made when the module loads, where some runtimes allow neither timers nor requests; each call brings its address. */
const early = createResilientClient({
  apiKey: KEY,
  baseURL: "http://localhost:1",
  dangerouslyAllowBrowser: true,
  fetch(_url, init) {
    const headers = new Headers(init?.headers);
    const address = headers.get("x-address");
    headers.delete("x-address");
    return fetch(`${address}/chat/completions`, { ...init, headers });
  },
});

export const surroundingCases = casesOf({
  async "without a key a call says which variable to set"({ open }) {
    const world = await open();
    const client = createResilientClient({ baseURL: world.url, dangerouslyAllowBrowser: true });
    const error = await rejectionOf(client.chat.completions.create(params));
    check(MissingApiKeyError.isInstance(error), "it is a missing_api_key");
    check(error.message.includes("DEEPSEEK_API_KEY"), "the variable is named");
    same((await world.seen()).requests.length, 0, "the number of requests");
  },

  async "a key is found in the environment, where there is one"({ open, hasEnvironment }) {
    const world = await open({ options: { dialect: "openrouter" } });
    const client = createResilientClient({
      providers: [openrouter({ baseURL: world.url })],
      dangerouslyAllowBrowser: true,
    });
    const call = client.chat.completions.create(params);
    if (!hasEnvironment) {
      check(MissingApiKeyError.isInstance(await rejectionOf(call)), "it is a missing_api_key");
      return;
    }
    check(await world.isWhole((await call).choices[0]?.message.content ?? ""), "the answer is whole");
  },

  async "a key is refused in a browser unless insisted on, and nowhere else"({ isBrowser }) {
    let refusal: unknown;
    try {
      createResilientClient({ apiKey: KEY });
    } catch (error) {
      refusal = error;
    }
    same(InvalidOptionsError.isInstance(refusal), isBrowser, "whether it was refused");
  },

  async "a client made when the module loads serves a call"({ open }) {
    const world = await open({ options: { script: ["busy"] } });
    const { choices } = await early.chat.completions.create(params, { headers: { "x-address": world.url } });
    check(await world.isWhole(choices[0]?.message.content ?? ""), "the answer is whole");
  },

  async "the same client serves the next call, of another request of the app"({ open }) {
    const world = await open({ options: { script: [{ kind: "cut", afterTokens: 5 }] } });
    const { choices } = await early.chat.completions.create(params, { headers: { "x-address": world.url } });
    check(await world.isWhole(choices[0]?.message.content ?? ""), "the answer is whole");
  },
});
