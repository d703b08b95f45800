import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import {
  createResilientClient,
  findLocalProviders,
  type LocalHostOptions,
  lmStudio,
  ollama,
  type ResilientClientError,
} from "../../src/index.ts";
import { createSimulator } from "../../src/testing/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { cleanUp } from "../support/leaks.ts";
import { closedAddress, eventually, params, SSE, startRawServer, WHOLE } from "../support/raw-server.ts";

const HOSTS = [
  ["lmStudio", lmStudio, "LM Studio"],
  ["ollama", ollama, "Ollama"],
] as const;

/** Answers like a local server: these lists, and this to a question. */
const serving =
  (
    lists: (path: string) => unknown,
    answer: RequestListener = (_, response) => response.writeHead(200, SSE).end(WHOLE),
  ) =>
  (...[request, response]: Parameters<RequestListener>) => {
    if (request.method === "POST") return answer(request, response);
    const list = lists(request.url ?? "");
    response.writeHead(list === undefined ? 404 : 200, { "content-type": "application/json" });
    return response.end(JSON.stringify(list ?? { error: "Unexpected endpoint or method." }));
  };

const clientOf = (host: (options: LocalHostOptions) => ReturnType<typeof ollama>, url: string, options = {}) =>
  createResilientClient({ providers: [host({ baseURL: `${url}/v1`, ...options })], retry: false });

test.each(HOSTS)("%s over real HTTP: found, asked, answered", async (dialect, host) => {
  const simulator = createSimulator({ dialect });
  const { url } = await simulator.listen();
  cleanUp(() => simulator.close());
  const { data, report } = await clientOf(host, url).chat.completions.create(params).withReport();
  expect(simulator.isWholeAnswer(data.choices[0]?.message.content ?? "")).toBe(true);
  expect(report.attempts).toMatchObject([{ model: data.model, outcome: "succeeded" }]);
  const found = await findLocalProviders({
    baseURLs: { [dialect]: `${url}/v1`, [dialect === "ollama" ? "lmStudio" : "ollama"]: await closedAddress() },
  });
  expect(found.map(({ name }) => name)).toEqual([dialect]);
});

test.each(HOSTS)("%s is not running: one attempt, at once, and what to do", async (_, host, title) => {
  const url = await closedAddress();
  const startedAt = performance.now();
  const error = (await rejectionOf(clientOf(host, url).chat.completions.create(params))) as ResilientClientError;
  expect(error).toMatchObject({
    code: "connection",
    message: `${title} does not answer at ${url} (ECONNREFUSED): start its server.`,
  });
  expect(error.attempts).toHaveLength(1);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test("nothing is loaded: what to do, and no question is sent", async () => {
  const server = await startRawServer(
    serving(
      (path) => (path.startsWith("/api") ? { data: [{ id: "a", type: "llm", state: "not-loaded" }] } : { data: [] }),
      () => expect.fail(),
    ),
  );
  expect(await rejectionOf(clientOf(lmStudio, server.url).chat.completions.create(params))).toMatchObject({
    code: "invalid_request",
    message: `LM Studio is running at ${server.url}, and no model is loaded: load one there, or run \`lms load <model>\`.`,
  });
});

test("a model that was unloaded in between is looked for again", async () => {
  let running = "first";
  const asked: string[] = [];
  const server = await startRawServer(
    serving(
      (path) =>
        path === "/api/ps" ? { models: [{ name: running, model: running, context_length: 4_096 }] } : { models: [] },
      (_, response) => {
        asked.push(running);
        if (asked.length !== 2) return response.writeHead(200, SSE).end(WHOLE);
        const error = { message: 'model "first" not found, try pulling it first', type: "not_found_error" };
        return response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      },
    ),
  );
  const provider = ollama({ baseURL: `${server.url}/v1` });
  const client = createResilientClient({ providers: [provider], retry: { backoff: () => 1 } });
  await client.chat.completions.create(params);
  expect(provider.model("deepseek-flash")).toBe("first");
  running = "second";
  const { report } = await client.chat.completions.create(params).withReport();
  expect(report.attempts).toMatchObject([
    { model: "first", status: 404, outcome: "failed" },
    { model: "second", status: 200, outcome: "succeeded" },
  ]);
  expect(provider.model("deepseek-flash")).toBe("second");
});

test("an abort in the look ends it and its connections; others who wait for it are answered", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let lists = 0;
  const server = await startRawServer((request, response) => {
    if (request.method === "POST") return void response.writeHead(200, SSE).end(WHOLE);
    lists += 1;
    return void held.then(() => response.end(JSON.stringify({ models: [{ name: "a", model: "a" }] })));
  });
  const client = clientOf(ollama, server.url);
  const controller = new AbortController();
  const aborted = rejectionOf(client.chat.completions.create(params, { signal: controller.signal }));
  const other = client.chat.completions.create(params).withReport();
  await eventually(() => lists === 2, "the lists are asked for");
  controller.abort("enough");
  expect(await aborted).toBe("enough");
  release();
  expect((await other).report.attempts).toMatchObject([{ model: "a", outcome: "succeeded" }]);
  expect(lists).toBe(2);
});

test("an abort of the only one who waits closes the connections, also in the middle of a list", async () => {
  const server = await startRawServer((_, response) => response.writeHead(200).write('{"models":['));
  const controller = new AbortController();
  const aborted = rejectionOf(
    clientOf(ollama, server.url).chat.completions.create(params, { signal: controller.signal }),
  );
  await eventually(() => server.open === 2, "the lists are on their way");
  controller.abort("enough");
  expect(await aborted).toBe("enough");
  await eventually(() => server.open === 0, "the connections are closed");
});

test("a list that hangs is bounded by the attempt's own limit", async () => {
  const server = await startRawServer(() => {});
  const options = { timeouts: { headersMs: 100 } };
  const error = await rejectionOf(clientOf(lmStudio, server.url, options).chat.completions.create(params));
  expect(error).toMatchObject({ code: "timeout", phase: "headers" });
  await eventually(() => server.open === 0, "the connections are closed");
});

test("a flood in place of a list is cut off", async () => {
  const server = await startRawServer((_, response) => {
    const timer = setInterval(() => response.write("x".repeat(1_000_000)), 1);
    response.on("close", () => clearInterval(timer));
  });
  expect(await rejectionOf(clientOf(lmStudio, server.url).chat.completions.create(params))).toMatchObject({
    code: "unexpected_response",
  });
  await eventually(() => server.open === 0, "the connections are closed");
});

test("a key goes along with the lists, to this machine or over https:// alone", async () => {
  const keys: (string | undefined)[] = [];
  const lists = serving(() => ({ models: [{ name: "a", model: "a" }] }));
  const server = await startRawServer((request, response) => {
    keys.push(request.headers.authorization);
    return lists(request, response);
  });
  await clientOf(ollama, server.url, { apiKey: "sk-gate" }).chat.completions.create(params);
  expect(keys).toEqual(Array.from({ length: 3 }, () => "Bearer sk-gate"));
  expect(() => ollama({ baseURL: "http://gpu.test/v1", apiKey: "sk-gate" })).toThrow("refusing to send an API key");
});

// Neither can be installed where this runs unattended: LM Studio is an app with a window, and both need models of gigabytes. So these
// are skipped where nobody started one, also where all other programs are required.
const running = new Map((await findLocalProviders()).map((provider) => [provider.name, provider]));
for (const [name, title] of [
  ["lmStudio", "LM Studio at 127.0.0.1:1234"],
  ["ollama", "Ollama at 127.0.0.1:11434"],
] as const) {
  const provider = running.get(name);
  const does = `a real ${title} is found, and answers with the model the report names`;
  const skipped = `SKIPPED: there is no ${title}, or it has no model (${does})`;
  test.skipIf(!provider)(provider ? does : skipped, { timeout: 300_000 }, async () => {
    if (!provider) return;
    const client = createResilientClient({ providers: [provider], retry: false, timeouts: { startMs: 280_000 } });
    const { data, report } = await client.chat.completions.create({ ...params, max_tokens: 200 }).withReport();
    expect(data.choices[0]?.finish_reason).toMatch(/stop|length/);
    expect(provider.model("deepseek-flash")).toBe(report.attempts[0]?.model);
  });
}
