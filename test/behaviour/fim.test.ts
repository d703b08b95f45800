import { expect, test } from "vitest";
import {
  createResilientClient,
  custom,
  deepseek,
  ollama,
  openrouter,
  type TextCompletion,
  type TextCompletionChunk,
  type TextCompletionParams,
  together,
} from "../../src/index.ts";
import type { Simulator, Trouble } from "../../src/testing/index.ts";
import { addHost, createWorld, failure, KEY, type World, type WorldOptions } from "../support/busy-world.ts";
import { expectClosed, primary, SECOND, second } from "../support/resume-world.ts";

const GAP = { model: "deepseek-flash", prompt: "def fib(n):\n    ", suffix: "\nprint(fib(9))" } as const;

/** What the first request was to be answered with. */
const wholeOf = ({ requests }: Simulator) => requests[0]?.answer?.content ?? "";
const textOf = (completion: TextCompletion) => completion.choices[0]?.text;

const READINGS = ["create", "chunks", "text", "final"] as const;
async function readGap({ client }: World, reading: (typeof READINGS)[number], params: TextCompletionParams = GAP) {
  if (reading === "create") return textOf(await client.completions.create({ ...params, stream: false }));
  const stream = client.completions.stream(params);
  if (reading === "final") return textOf(await stream.finalCompletion());
  let text = "";
  if (reading === "text") for await (const piece of stream.textStream()) text += piece;
  else for await (const chunk of stream) text += chunk.choices[0]?.text ?? "";
  expect(textOf(await stream.finalCompletion())).toBe(text);
  return text;
}

test("a gap is filled at /beta/completions, in the endpoint's own words", async () => {
  const world = createWorld();
  const { data, report } = await world.run(
    world.client.completions.create({ ...GAP, max_tokens: 4096, stop: ["\n\n\n"], temperature: 0.2 }).withReport(),
  );
  const { path, body, method } = world.simulator.requests[0] ?? {};
  expect([method, path]).toEqual(["POST", "/beta/completions"]);
  expect(body).toEqual({
    ...GAP,
    max_tokens: 4096,
    stop: ["\n\n\n"],
    temperature: 0.2,
    stream: true,
    stream_options: { include_usage: true },
  });
  const text = wholeOf(world.simulator);
  expect(data).toEqual({
    id: expect.any(String),
    object: "text_completion",
    created: expect.any(Number),
    model: "deepseek-flash",
    choices: [{ index: 0, text, logprobs: null, finish_reason: "stop" }],
    usage: expect.objectContaining({ completion_tokens: expect.any(Number) }),
  });
  expect(report.billed.completionTokens).toBe(data.usage?.completion_tokens);
  expect(report.attempts).toMatchObject([{ model: "deepseek-flash", outcome: "succeeded" }]);
});

test("as one JSON body it is the same", async () => {
  const world = createWorld({ client: { wire: "json" } });
  expect(await world.run(readGap(world, "create"))).toBe(wholeOf(world.simulator));
  expect(world.simulator.requests[0]?.body).toEqual({ ...GAP, stream: false });
});

test("chunks are text completion chunks", async () => {
  const world = createWorld();
  const chunks: TextCompletionChunk[] = [];
  await world.run(
    (async () => {
      const stream = await world.client.completions.create({ ...GAP, stream: true });
      for await (const chunk of stream) chunks.push(chunk);
      expect(stream.report.outcome).toBe("succeeded");
    })(),
  );
  expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(["text_completion"]));
  expect(chunks.every(({ choices: [choice] }) => choice && !("delta" in choice))).toBe(true);
  expect(chunks.map(({ choices }) => choices[0]?.text).join("")).toBe(wholeOf(world.simulator));
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
});

test("a busy server is asked again, in the model's own circuit and slots", async () => {
  const world = createWorld({ script: ["busy", { kind: "rate_limited", retryAfterMs: 2_000 }] });
  expect(await world.run(readGap(world, "create"))).toBe(world.simulator.requests[2]?.answer?.content);
  // Chat's too.
  await world.run(
    world.client.chat.completions.create({ model: GAP.model, messages: [{ role: "user", content: "Hi" }] }),
  );
  expect(world.client.health().providers[0]?.models.map(({ model }) => model)).toEqual(["deepseek-flash"]);
  await expectClosed(world, world.simulator);
});

const BREAKS: readonly (readonly [string, Trouble])[] = [
  ["a cut", { kind: "cut", afterTokens: 30 }],
  ["a clean end", { kind: "end", afterTokens: 30 }],
  ["an error in the stream", { kind: "in_stream_error", afterTokens: 30 }],
  ["an error within the choice", { kind: "in_stream_error", level: "choice", afterTokens: 30 }],
  ["no capacity left", { kind: "finish", afterTokens: 30 }],
  ["a stall", { kind: "stall", afterTokens: 30 }],
  ["no UTF-8", { kind: "malformed", what: "bytes" }],
];

test.each(BREAKS)("%s: it goes on with the text so far as the prompt, and the same suffix", async (_, trouble) => {
  for (const reading of READINGS) {
    const world = createWorld({ script: [trouble, trouble], answerTokens: 120 });
    expect(await world.run(readGap(world, reading, { ...GAP, max_tokens: 500 }))).toBe(wholeOf(world.simulator));
    const [first, ...rest] = world.simulator.requests;
    expect(rest.length).toBeGreaterThan(0);
    for (const { path, body } of rest) {
      expect(path).toBe("/beta/completions");
      const { prompt, suffix, max_tokens: most } = body as Record<string, unknown>;
      expect(suffix).toBe(GAP.suffix);
      const begun = String(prompt).slice(GAP.prompt.length);
      expect([String(prompt).startsWith(GAP.prompt), begun !== "", first?.answer?.content.startsWith(begun)]).toEqual([
        true,
        true,
        true,
      ]);
      expect(most).toBeLessThan(500);
      expect(Object.keys(body).sort()).toEqual(["max_tokens", "model", "prompt", "stream", "stream_options", "suffix"]);
    }
    await expectClosed(world, world.simulator);
  }
});

test("cut at every token, it is never repeated and never lost", async () => {
  for (let afterTokens = 1; afterTokens < 40; afterTokens += 3) {
    const world = createWorld({ script: [{ kind: "cut", afterTokens }], answerTokens: 40, seed: afterTokens });
    expect(await world.run(readGap(world, "chunks"))).toBe(wholeOf(world.simulator));
  }
});

test("it is told in the report where it went on", async () => {
  const world = createWorld({ script: [{ kind: "cut", afterTokens: 30 }], answerTokens: 80 });
  const { data, report } = await world.run(world.client.completions.create(GAP).withReport());
  expect(textOf(data)).toBe(wholeOf(world.simulator));
  const atChar = String(world.simulator.requests[1]?.body["prompt"]).length - GAP.prompt.length;
  expect(report.seams).toEqual([{ atChar, from: "deepseek", to: "deepseek", how: "prefix" }]);
  expect(data.usage?.prompt_tokens).toBeLessThan(30);
});

test("another host that can goes on with it: with the same prompt, text and suffix", async () => {
  const world = createWorld({
    faults: [{ kind: "cut", afterTokens: 30, untilMs: 500 }, { kind: "outage" }],
    answerTokens: 80,
    client: { providers: [primary, second] },
  });
  const other = addHost(SECOND, { answerTokens: 10, clock: world.clock });
  const text = await world.run(readGap(world, "chunks"));
  const { prompt } = other.requests[0]?.body ?? {};
  const begun = String(prompt).slice(GAP.prompt.length);
  expect(wholeOf(world.simulator).startsWith(begun)).toBe(true);
  expect(text).toBe(begun + other.requests[0]?.answer?.content);
});

test("hosts that cannot are skipped with the reason, and asked for nothing", async () => {
  const local = "http://127.0.0.1:11434";
  const hosts = [
    openrouter({ apiKey: "sk-or-any" }),
    ollama({ model: "coder" }),
    custom({ name: "own", send: () => "WRONG" }),
  ];
  const world = createWorld({ script: ["busy"], client: { providers: [...hosts, primary] } });
  const host = addHost(local, { dialect: "ollama" });
  const { report } = await world.run(world.client.completions.create(GAP).withReport());
  expect(report.skipped).toEqual(["openrouter", "ollama", "own"].map((provider) => ({ provider, reason: "endpoint" })));
  const alone = createWorld({ client: { providers: hosts } });
  expect(await failure(alone.run(alone.client.completions.create(GAP)))).toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("openrouter: endpoint"),
  });
  expect(host.requests).toEqual([]);
  // A local model may be one that can.
  const able = createWorld({ client: { providers: [ollama({ model: "coder", abilities: { fim: true } })] } });
  const filling = addHost(local, { dialect: "ollama", clock: able.clock });
  expect(textOf(await able.run(able.client.completions.create(GAP)))).toBe(wholeOf(filling));
  expect(filling.requests[0]).toMatchObject({ path: "/v1/completions", body: { model: "coder", suffix: GAP.suffix } });
});

test("an empty text is an answer, and a missing finish is none", async () => {
  const blank = createWorld({ script: [{ kind: "empty" }] });
  const completion = await blank.run(blank.client.completions.create(GAP));
  expect(completion.choices).toEqual([{ index: 0, text: "", logprobs: null, finish_reason: "stop" }]);
  const strict = createWorld({ script: [{ kind: "empty" }], client: { allowEmpty: false } });
  expect(await strict.run(readGap(strict, "create"))).toBe(strict.simulator.requests[1]?.answer?.content);
  const cut = createWorld({ faults: [{ kind: "end", afterTokens: 3 }], client: { resume: false, retry: false } });
  const error = await failure(cut.run(cut.client.completions.create(GAP)));
  expect(error).toMatchObject({ code: "stream_interrupted", partial: { content: expect.stringMatching(/./) } });
});

test("echo puts the prompt before the text, once, however it is read and wherever it broke", async () => {
  const prompt = "Once upon a time";
  for (const reading of READINGS) {
    const world = createWorld({ script: [{ kind: "cut", afterTokens: 20 }], answerTokens: 60 });
    const text = await world.run(readGap(world, reading, { model: GAP.model, prompt, echo: true }));
    expect(text).toBe(prompt + wholeOf(world.simulator));
    expect(world.simulator.requests.map(({ body }) => "echo" in body)).toEqual([false, false]);
    const blank = createWorld({ script: [{ kind: "empty" }] });
    expect(await blank.run(readGap(blank, reading, { model: GAP.model, prompt, echo: true }))).toBe(prompt);
  }
});

test("length goes on, when that is wanted", async () => {
  const world = createWorld({ answerTokens: 60, client: { resume: { continueOnLength: 9 } } });
  const text = await world.run(readGap(world, "chunks", { ...GAP, max_tokens: 20 }));
  expect(world.simulator.requests.length).toBeGreaterThan(2);
  expect(text).toBe(world.simulator.requests.map(({ answer }) => answer?.content).join(""));
});

test("neither error nor event nor report holds a word of prompt, suffix or text", async () => {
  const secret = "the launch code is tulip seven nine";
  const other = "and the vault opens at dawn sharply";
  const quoting = { error: { message: `cannot fill ${secret} ... ${other}`, type: "invalid_request_error" } };
  const fetch = async () => new Response(JSON.stringify(quoting), { status: 400 });
  const world = createWorld({ client: { fetch } });
  const params = { model: GAP.model, prompt: `Listen: ${secret}`, suffix: other };
  const error = (await failure(world.client.completions.create(params))) as Error;
  expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("cannot fill") });
  const said = JSON.stringify([error, error.message, world.events]);
  for (const word of ["tulip", "vault"]) expect(said).not.toContain(word);
});

test.each([0, 20, 200, 400, 900])("an abort after %d ms ends it at once, with its reason", async (ms) => {
  const world = createWorld({ answerTokens: 200, script: [{ kind: "cut", afterTokens: 10 }] });
  const controller = new AbortController();
  const asked = failure(world.client.completions.create(GAP, { signal: controller.signal }));
  await world.clock.advance(ms);
  controller.abort("typed on");
  expect(await asked).toBe("typed on");
  await expectClosed(world, world.simulator);
});

test("a stream is left by break, by abort and by close", async () => {
  const options: WorldOptions = { answerTokens: 200 };
  const left = createWorld(options);
  await left.run(
    (async () => {
      for await (const text of left.client.completions.stream(GAP).textStream()) if (text) break;
    })(),
  );
  await expectClosed(left, left.simulator);
  const aborted = createWorld(options);
  const stream = aborted.client.completions.stream(GAP);
  const read = failure(stream.finalCompletion());
  await aborted.clock.advance(600);
  expect(stream.partial.content).not.toBe("");
  stream.abort("enough");
  expect(await read).toBe("enough");
  await expectClosed(aborted, aborted.simulator);
  const closed = createWorld(options);
  const asked = failure(closed.client.completions.create(GAP));
  await closed.clock.advance(600);
  await closed.run(closed.client.close());
  expect(await asked).toMatchObject({ code: "client_closed" });
});

test("a stream can be read once", () => {
  const { client } = createWorld();
  const stream = client.completions.stream(GAP);
  stream.textStream();
  expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError);
  stream.abort();
});

test("a conversation's context is left alone: half a prompt would be another one", async () => {
  const world = createWorld({ client: { context: { windowTokens: 200 } } });
  const prompt = "x = 1\n".repeat(500);
  await world.run(world.client.completions.create({ ...GAP, prompt }));
  expect(world.simulator.requests[0]?.body).toMatchObject({ prompt });
});

test("the address of a gateway decides where a gap goes", async () => {
  for (const [baseURL, path] of [
    ["https://gate.example/v1", "/beta/completions"],
    ["https://gate.example/beta", "/beta/completions"],
    ["https://gate.example/ds", "/ds/beta/completions"],
  ] as const) {
    const world = createWorld({ client: { providers: [deepseek({ apiKey: KEY, baseURL })] } });
    const gate = addHost(new URL(baseURL).origin, { clock: world.clock });
    await world.run(world.client.completions.create(GAP));
    expect(gate.requests.map((request) => request.path)).toEqual([path]);
  }
});

test("a host's own finish reason is known there, too", async () => {
  const choice = { index: 0, text: "return n", finish_reason: "eos", logprobs: null };
  const body = { id: "x", object: "text_completion", created: 1, model: "m", choices: [choice] };
  const fetch = async () => Response.json(body);
  const providers = [together({ apiKey: KEY, abilities: { fim: true } })];
  const client = createResilientClient({ fetch, providers, retry: false });
  expect((await client.completions.create(GAP)).choices).toMatchObject([{ text: "return n", finish_reason: "stop" }]);
});
