import { inspect } from "node:util";
import { expect, test, vi } from "vitest";
import { createResilientClient, deepseek, openaiCompatible } from "../../src/index.ts";
import type { ScriptStep } from "../../src/testing/index.ts";
import { createWorld, failure, KEY, params, timing } from "../support/busy-world.ts";

const PROMPT = "my-very-private-question";
const privateParams = { model: "deepseek-flash", messages: [{ role: "user", content: PROMPT }] } as const;
const troubles: readonly ScriptStep[] = [
  "busy",
  "rate_limited",
  "outage",
  "cut",
  "black_hole",
  { kind: "queue", forMs: 700_000 },
  { kind: "stall", afterTokens: 2 },
];

/** Everything a person or a logger could print of a value, cause and hidden fields included. */
function everythingIn(value: unknown): string {
  const cause = value instanceof Error ? everythingIn(value.cause) : "";
  const json = JSON.stringify(value) ?? "";
  const stack = value instanceof Error ? `${value.stack} ${String(value)}` : "";
  return `${inspect(value, { depth: null, showHidden: true, maxStringLength: null })}${json}${stack}${cause}`;
}

test.each(troubles)("neither the key nor the conversation stands in any error or event: %o", async (trouble) => {
  const { client, events, run } = createWorld({
    timing,
    faults: [typeof trouble === "object" ? trouble : { kind: trouble as "busy" }],
  });
  const options = { timeouts: { startMs: 100_000, totalMs: 200_000 }, resume: false } as const;
  const error = await run(failure(client.chat.completions.create(privateParams, options)));
  expect(error).toHaveProperty("code");
  const { partial: _, ...rest } = error as { partial?: unknown };
  const printed = everythingIn(error) + everythingIn(rest) + everythingIn(events);
  expect(printed).not.toContain(KEY);
  expect(printed).not.toContain(PROMPT);
});

test("a key that the server echoes is masked, also when it has no known shape", async () => {
  const apiKey = "unusual.key.without.shape";
  const echo = async () =>
    new Response(JSON.stringify({ error: { message: `the key ${apiKey} and sk-abcdefgh12345 are wrong` } }), {
      status: 401,
    });
  const client = createResilientClient({ apiKey, fetch: echo });
  const error = await failure(client.chat.completions.create(params));
  expect((error as Error).message).toBe(
    "deepseek (deepseek-flash) answered 401: the key *** and *** are wrong - check the API key.",
  );
});

test("a fetch that throws the request with its headers leaks nothing of it", async () => {
  const leaky = async (_input: unknown, init?: RequestInit) => {
    throw Object.assign(new Error(`failed with ${new Headers(init?.headers).get("authorization")}`), {
      request: init,
      headers: init?.headers,
    });
  };
  const client = createResilientClient({ apiKey: KEY, fetch: leaky as typeof fetch, retry: false });
  const error = await failure(client.chat.completions.create(privateParams));
  expect(error).toMatchObject({ code: "connection" });
  expect(everythingIn(error)).not.toContain(KEY);
  expect(everythingIn(error)).not.toContain(PROMPT);
});

test.each([
  ["http://api.example.com", "deepseek: refusing to send an API key over http:// to api.example.com; use https://."],
  ["ftp://api.example.com", "deepseek: baseURL must be a URL that begins with https:// or http://."],
  ["https://user:pass@api.example.com", "deepseek: baseURL must not hold a user name or password; use apiKey."],
  ["not a url", "deepseek: baseURL must be a URL that begins with https:// or http://."],
])("a key is not sent to %s", (baseURL, message) => {
  expect(() => deepseek({ apiKey: KEY, baseURL })).toThrow(
    expect.objectContaining({ code: "invalid_options", message }),
  );
});

test("plain HTTP is fine on loopback, and anywhere without a key", () => {
  for (const host of ["http://127.0.0.1:1234", "http://localhost:1234", "http://[::1]:1234"])
    deepseek({ apiKey: KEY, baseURL: host });
  openaiCompatible({ name: "lan", baseURL: "http://192.168.1.5:1234/v1" });
});

test.each(["Authorization", "cookie", "Host", "Content-Type", "content-length", "proxy-authorization"])(
  "a caller's header cannot be %s",
  async (name) => {
    const { client, run } = createWorld();
    const lower = name.toLowerCase();
    expect(await run(failure(client.chat.completions.create(params, { headers: { [name]: "x" } })))).toMatchObject({
      code: "invalid_options",
      message: `options: headers must not set "${lower}"; the client does.`,
    });
    expect(() => createResilientClient({ apiKey: KEY, headers: { [name]: "x" } })).toThrow("the client does");
    expect(() => openaiCompatible({ name: "x", baseURL: "https://x.example", headers: { [name]: "x" } })).toThrow(
      "the client does",
    );
  },
);

test("a key that no header can hold is refused without being shown", async () => {
  const client = createResilientClient({ apiKey: "sk-with\nnewline-inside-123", retry: false });
  const error = await failure(client.chat.completions.create(params));
  expect(error).toMatchObject({
    code: "invalid_options",
    message: "The API key of deepseek holds characters that cannot be sent.",
  });
  expect(everythingIn(error)).not.toContain("newline-inside");
});

test("a redirect is not followed, and the error names the host that asked for it", async () => {
  const seen: unknown[] = [];
  const redirecting = async (input: unknown, init?: RequestInit) => {
    seen.push([input, init?.redirect]);
    return new Response(null, { status: 307, headers: { location: "https://elsewhere.example/steal" } });
  };
  const client = createResilientClient({ apiKey: KEY, fetch: redirecting as typeof fetch, retry: false });
  expect(await failure(client.chat.completions.create(params))).toMatchObject({
    code: "unexpected_response",
    status: 307,
    message: "deepseek at api.deepseek.com redirects elsewhere. Redirects are never followed; correct the base URL.",
  });
  expect(seen).toEqual([["https://api.deepseek.com/chat/completions", "manual"]]);
});

test("in a browser a key is refused unless insisted upon", () => {
  vi.stubGlobal("window", { document: {} });
  expect(() => createResilientClient({ apiKey: KEY })).toThrow("an API key in a browser can be read by everybody");
  expect(() => createResilientClient({ apiKey: KEY, dangerouslyAllowBrowser: true })).not.toThrow();
  const ownServer = openaiCompatible({ name: "mine", baseURL: "https://app.example/api" });
  expect(() => createResilientClient({ providers: [ownServer] })).not.toThrow();
  vi.unstubAllGlobals();
});

test("a hostile __proto__ in an answer changes no prototype", async () => {
  const hostile = `{"id":"x","object":"chat.completion.chunk","created":1,"model":"m","__proto__":{"polluted":1},"choices":[{"index":0,"__proto__":{"polluted":2},"delta":{"content":"hi","__proto__":{"polluted":3}},"finish_reason":"stop"}]}`;
  const body = `data: ${hostile}\n\ndata: [DONE]\n\n`;
  const client = createResilientClient({
    apiKey: KEY,
    fetch: async () => new Response(body, { headers: { "content-type": "text/event-stream" } }),
  });
  const completion = await client.chat.completions.create(params);
  expect(completion.choices[0]?.message.content).toBe("hi");
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect((completion as { polluted?: unknown }).polluted).toBeUndefined();
  expect((completion.choices[0] as { polluted?: unknown }).polluted).toBeUndefined();
});
