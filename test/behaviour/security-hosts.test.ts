import { afterEach, expect, test, vi } from "vitest";
import { type CallOptions, createResilientClient, deepseek, openaiCompatible } from "../../src/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { clientOf, KEY, privateParams } from "../support/hostile-echo.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

const OWN = [
  "authorization",
  "cookie",
  "host",
  "content-type",
  "content-length",
  "content-encoding",
  "content-anything",
  "proxy-authorization",
  "proxy-connection",
  "proxy-anything",
  "transfer-encoding",
  "connection",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "keep-alive",
];
const spellings = (name: string): readonly string[] => [
  name,
  name.toUpperCase(),
  [...name].map((letter, index) => (index % 2 ? letter.toUpperCase() : letter)).join(""),
  ...[" ", "\t", "\n", "\r\n", "\0", "\u200b", "\ufeff", "\u00a0", "\u00ad", ":"].flatMap((mark) => [
    `${mark}${name}`,
    `${name}${mark}`,
    name.slice(0, 2) + mark + name.slice(2),
  ]),
  [...name].map((letter) => (letter === "-" ? "-" : String.fromCodePoint(letter.charCodeAt(0) + 0xfee0))).join(""),
  name.replaceAll("-", "\u2010"),
  name.replaceAll("k", "\u212a"),
  name.replaceAll("i", "\u0130"),
  name.replaceAll("i", "\u0131"),
  name.replaceAll("s", "\u017f"),
  name.replaceAll("o", "\u043e"),
];

test.each(OWN)("%s is set by nobody but the client, however it is spelled, at any level", async (name) => {
  const sent: string[] = [];
  const { client } = clientOf(() => new Response());
  const recording = createResilientClient({
    apiKey: KEY,
    retry: false,
    fetch: async (_input, init) => {
      sent.push(...[...new Headers(init?.headers)].map(([key, value]) => `${key}: ${value}`));
      return new Response("{}", { status: 400 });
    },
  });
  for (const spelling of spellings(name)) {
    const headers = { [spelling]: "EVIL" };
    const refused = expect.objectContaining({ code: "invalid_options" });
    expect(() => createResilientClient({ apiKey: KEY, headers }), JSON.stringify(spelling)).toThrow(refused);
    expect(() => openaiCompatible({ name: "x", baseURL: "https://x.example", headers })).toThrow(refused);
    expect(() => client.withOptions({ headers })).toThrow(refused);
    expect(await rejectionOf(recording.chat.completions.create(privateParams, { headers }))).toEqual(refused);
    expect(() => client.chat.completions.stream(privateParams, { headers })).toThrow(refused);
  }
  expect(sent).toEqual([]);
});

test.each([
  ["a Headers object", new Headers({ authorization: "EVIL" })],
  ["a list of pairs", [["authorization", "EVIL"]]],
  ["a Map", new Map([["authorization", "EVIL"]])],
  ["an inherited header", Object.create({ authorization: "EVIL" })],
  ["__proto__", JSON.parse('{"__proto__":"EVIL"}')],
])("headers given as %s are refused rather than passed by", (_, headers: unknown) => {
  const options = { headers } as Pick<CallOptions, "headers">;
  expect(() => createResilientClient({ apiKey: KEY, ...options })).toThrow(
    expect.objectContaining({ code: "invalid_options" }),
  );
});

test("headers that change after they were checked cannot take the key's place", async () => {
  const sent: (string | null)[] = [];
  const headers: Record<string, string> = { "x-team": "search" };
  const client = createResilientClient({
    apiKey: KEY,
    headers,
    retry: false,
    fetch: async (_input, init) => {
      sent.push(new Headers(init?.headers).get("authorization"));
      return new Response("{}", { status: 400 });
    },
  });
  headers["Authorization"] = "EVIL";
  await rejectionOf(client.chat.completions.create(privateParams));
  await rejectionOf(client.chat.completions.create(privateParams, { profile: "batch" }));
  expect(sent.filter((value) => value !== `Bearer ${KEY}`)).toEqual([]);
});

test.each([
  "http://0.0.0.0",
  "http://[::]",
  "http://[::ffff:127.0.0.1]",
  "http://[::ffff:8.8.8.8]",
  "http://128.0.0.1",
  "http://10.0.0.1",
  "http://127.0.0.1.evil.example",
  "http://127-0-0-1.example",
  "http://localhost.evil.example",
  "http://localhost.evil.localhost.example",
  "http://notlocalhost",
  "http://lоcalhost",
  "http://localhоst.localhost.example",
  "http:\\\\evil.example",
  "http:evil.example",
  "HTTP://EVIL.EXAMPLE",
  "http://user:pass@127.0.0.1",
  "http://127.0.0.1@evil.example",
  "http://evil.example#@127.0.0.1",
  "http://evil.example\\@127.0.0.1",
  "http://evil.example?.localhost",
  "http://2130706434.evil",
  "http://3232235777",
  "\thttp://evil.example",
  "ht\ntp://evil.example",
  "ws://127.0.0.1",
  "file:///etc/passwd",
  "data:text/plain,x",
  "javascript:1",
  "//127.0.0.1",
  "127.0.0.1:80",
])("no key is sent to %j", (baseURL) => {
  const refused = expect.objectContaining({ code: "invalid_options" });
  for (const tail of ["", ":1234", "/v1"]) {
    const address = baseURL.includes(",") || tail === "" ? baseURL : baseURL + tail;
    expect(() => deepseek({ apiKey: KEY, baseURL: address })).toThrow(refused);
    expect(() => deepseek({ baseURL: address })).toThrow(refused);
    expect(() => openaiCompatible({ name: "x", apiKey: KEY, baseURL: address })).toThrow(refused);
    expect(() => openaiCompatible({ name: "x", apiKey: () => KEY, baseURL: address })).toThrow(refused);
    expect(() => openaiCompatible({ name: "x", apiKey: undefined, baseURL: address })).toThrow(refused);
  }
  vi.stubEnv("DEEPSEEK_BASE_URL", baseURL);
  expect(() => createResilientClient({ apiKey: KEY })).toThrow(refused);
});

test.each([
  "http://127.1",
  "http://127.0.0.1",
  "http://0x7f.1",
  "http://2130706433",
  "http://[::1]",
  "http://app.localhost",
])("%s is this machine", (baseURL) => {
  expect(() => deepseek({ apiKey: KEY, baseURL: `${baseURL}:1234` })).not.toThrow();
});

test("a key in a header of its own is refused over http:// and in browsers, as any key is", () => {
  const headers = { "x-api-key": KEY };
  const refused = expect.objectContaining({ code: "invalid_options" });
  expect(() => openaiCompatible({ name: "x", baseURL: "http://api.example", headers })).toThrow(refused);
  vi.stubGlobal("window", { document: {} });
  const provider = openaiCompatible({ name: "x", baseURL: "https://api.example", headers });
  expect(() => createResilientClient({ providers: [provider] })).toThrow(refused);
});

test.each([
  ["a page", { window: { document: {} } }],
  ["a worker of a page", { window: undefined, importScripts: () => {}, navigator: { userAgent: "Mozilla/5.0" } }],
])("in %s a key is refused, however it is given, unless insisted upon", (_, globals) => {
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  const refused = expect.objectContaining({ code: "invalid_options" });
  for (const apiKey of [KEY, () => KEY, async () => KEY]) {
    expect(() => createResilientClient({ apiKey })).toThrow(refused);
    expect(() => createResilientClient({ providers: [deepseek({ apiKey })] })).toThrow(refused);
    for (const dangerouslyAllowBrowser of [undefined, false])
      expect(() => createResilientClient({ apiKey, dangerouslyAllowBrowser })).toThrow(refused);
    expect(() => createResilientClient({ apiKey, dangerouslyAllowBrowser: true })).not.toThrow();
  }
  for (const insist of ["true", 1, {}, "yes"])
    expect(() => createResilientClient({ apiKey: KEY, dangerouslyAllowBrowser: insist as boolean })).toThrow(refused);
});
