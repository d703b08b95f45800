import fc from "fast-check";
import { expect, test } from "vitest";
import {
  chooseModel,
  LLAMA_CPP,
  LM_STUDIO,
  type LocalModel,
  OLLAMA,
  VLLM,
} from "../../../src/providers/local-models.ts";

const list = (...data: readonly unknown[]) => ({ object: "list", data });
const models = (...entries: readonly unknown[]) => ({ models: entries });
const lmStudio = (id: string, fields: object = {}) => ({
  id,
  object: "model",
  type: "llm",
  state: "loaded",
  ...fields,
});
const named = (names: readonly string[] | undefined) => list(...(names ?? []).map((id) => ({ id, object: "model" })));
const readers = [
  ["LM Studio", LM_STUDIO.read],
  ["Ollama", OLLAMA.read],
  ["vLLM", VLLM.read],
  ["llama.cpp", LLAMA_CPP.read],
] as const;

test("LM Studio's loaded chat models come with the window they were loaded with", () => {
  const own = list(
    lmStudio("qwen3-8b", { max_context_length: 131_072, loaded_context_length: 8_192 }),
    lmStudio("gemma-3-12b", { type: "vlm", max_context_length: 131_072 }),
    lmStudio("text-embedding-nomic-embed-text-v1.5", { type: "embeddings", loaded_context_length: 2_048 }),
  );
  expect(LM_STUDIO.read([own, undefined])).toEqual([
    { name: "qwen3-8b", isLoaded: true, window: 8_192 },
    { name: "gemma-3-12b", isLoaded: true, window: undefined },
  ]);
});

test("what LM Studio has not loaded counts only where it would load it: then its usual list names it", () => {
  const own = list(
    lmStudio("a", { state: "not-loaded", max_context_length: 131_072 }),
    lmStudio("b", { state: "loaded" }),
    lmStudio("c", { state: "not-loaded", type: "embeddings" }),
  );
  const loaded: LocalModel = { name: "b", isLoaded: true, window: undefined };
  expect(LM_STUDIO.read([own, named(["a", "b", "c"])])).toEqual([{ name: "a", isLoaded: false }, loaded]);
  expect(LM_STUDIO.read([own, named(["b"])])).toEqual([loaded]);
  expect(LM_STUDIO.read([own, undefined])).toEqual([loaded]);
});

test("an LM Studio without a list of its own is read by the usual one, and embedding models are known by their names", () => {
  const usual = named([
    "qwen3-8b",
    "text-embedding-nomic-embed-text-v1.5",
    "bge-m3",
    "BAAI/bge-large:latest",
    "mxbai-rerank-base",
  ]);
  for (const missing of [undefined, { error: "Unexpected endpoint or method. (GET /api/v0/models)" }])
    expect(LM_STUDIO.read([missing, usual])).toEqual([{ name: "qwen3-8b", isLoaded: true, window: undefined }]);
});

test("Ollama's running models come with their window, before those that are installed", () => {
  const running = models({ name: "qwen3:8b", model: "qwen3:8b", context_length: 4_096, details: { family: "qwen3" } });
  const installed = models(
    { name: "deepseek-r1:8b", model: "deepseek-r1:8b", capabilities: ["completion", "thinking"] },
    { name: "qwen3:8b", model: "qwen3:8b" },
    { name: "nomic:latest", model: "nomic:latest", details: { family: "nomic-bert" } },
    { name: "odd:latest", model: "odd:latest", capabilities: ["embedding"] },
  );
  expect(OLLAMA.read([running, installed])).toEqual([
    { name: "qwen3:8b", isLoaded: true, window: 4_096 },
    { name: "deepseek-r1:8b", isLoaded: false, window: undefined },
  ]);
  expect(OLLAMA.read([models({ name: "odd:latest", model: "odd:latest" }), installed])).toMatchObject([
    { name: "deepseek-r1:8b" },
    { name: "qwen3:8b", isLoaded: false },
  ]);
  expect(OLLAMA.read([models(), models()])).toEqual([]);
  expect(OLLAMA.read([undefined, installed])).toHaveLength(2);
});

test("models of Ollama's cloud are never found: what is meant for this machine stays there", () => {
  const installed = models(
    { name: "deepseek-v4-pro:cloud", model: "deepseek-v4-pro:cloud" },
    { name: "gpt-oss:120b-cloud", model: "gpt-oss:120b-cloud" },
    { name: "mine", model: "mine", remote_host: "https://ollama.com", remote_model: "deepseek-v4-pro" },
    { name: "qwen3:8b", model: "qwen3:8b" },
  );
  const found = OLLAMA.read([models(), installed]) ?? [];
  expect(found.map(({ name }) => name)).toEqual(["qwen3:8b"]);
  expect(chooseModel(found, "deepseek-v4-pro:cloud")?.name).toBe("qwen3:8b");
});

test("vLLM and llama.cpp name their windows each in its own way", () => {
  const vllm = list({ id: "deepseek-ai/DeepSeek-V4-Flash", object: "model", owned_by: "vllm", max_model_len: 65_536 });
  expect(VLLM.read([vllm])).toMatchObject([{ window: 65_536 }]);
  const meta = { n_vocab: 128_256, n_ctx_train: 131_072 };
  const llama = list({ id: "../models/qwen.gguf", owned_by: "llamacpp", meta });
  const properties = { default_generation_settings: { n_ctx: 1_024 }, total_slots: 1 };
  expect(LLAMA_CPP.read([llama, properties])).toMatchObject([{ name: "../models/qwen.gguf", window: 1_024 }]);
  // What it was trained with is not what it was started with.
  expect(LLAMA_CPP.read([llama])).toEqual([{ name: "../models/qwen.gguf", isLoaded: true, window: undefined }]);
  const newer = list({ id: "a", meta: { ...meta, n_ctx: 4_096 } });
  expect(LLAMA_CPP.read([newer])).toMatchObject([{ window: 4_096 }]);
  const router = list({ id: "a", status: { value: "unloaded" } }, { id: "b", status: { value: "loaded" }, meta: null });
  expect(LLAMA_CPP.read([router, properties])).toEqual([
    { name: "a", isLoaded: false, window: undefined },
    { name: "b", isLoaded: true, window: undefined },
  ]);
});

test("the requested model is chosen first, then a loaded one, then one of DeepSeek's, then by name, in any order of the list", () => {
  const model = (name: string, isLoaded = true): LocalModel => ({ name, isLoaded });
  const choose = (all: readonly LocalModel[], requested = "deepseek-flash") => {
    const names = [all, all.toReversed()].map((order) => chooseModel(order, requested)?.name);
    expect(names[0]).toBe(names[1]);
    return names[0];
  };
  const all = [
    model("qwen3"),
    model("gemma"),
    model("DeepSeek-R1-8b"),
    model("deepseek-a", false),
    model("z:latest", false),
  ];
  expect(choose(all)).toBe("DeepSeek-R1-8b");
  expect(choose(all, "gemma")).toBe("gemma");
  expect(choose(all, "z")).toBe("z:latest");
  expect(choose(all.slice(0, 2))).toBe("gemma");
  expect(choose([model("qwen3"), model("deepseek-a", false)])).toBe("qwen3");
  expect(choose([model("alpha", false), model("deepseek-b", false), model("deepseek-a", false)])).toBe("deepseek-a");
  expect(choose([])).toBeUndefined();
});

test.each(readers)("%s: what is no list is none, and what is no model is left out", (_, read) => {
  for (const nothing of [
    undefined,
    null,
    5,
    "models",
    [],
    {},
    { data: {} },
    { models: "x" },
    { data: null, models: null },
  ])
    expect(read([nothing, nothing])).toBeUndefined();
  const odd = [
    null,
    5,
    "a",
    [],
    {},
    { id: 5, name: 5 },
    ...hostileNames.map((name) => ({ id: name, name, model: name })),
  ];
  const both = { data: odd, models: odd };
  expect(read([both, both])).toEqual([]);
});

const hostileNames = ["", " ", "a\u0000b", "a\nb", "a\u202eb", "a\u2028b", " a", "a\ud800", "x".repeat(1_000_000)];

test.each(readers)("%s: names of a prototype are names like others", (_, read) => {
  const names = ["__proto__", "constructor", "toString"];
  const entries = names.map((name) => ({ id: name, name, model: name, type: "llm", state: "loaded" }));
  const found =
    read([
      { data: entries, models: entries },
      { data: entries, models: entries },
    ]) ?? [];
  expect(found.map(({ name }) => name)).toEqual(names);
  expect(chooseModel(found, "constructor")?.name).toBe("constructor");
  expect(chooseModel([{ name: "a", isLoaded: true }], "constructor")?.name).toBe("a");
});

test.each(readers)("%s: a list of a hundred thousand is read in part, and each name once", (_, read) => {
  const entries = Array.from({ length: 100_000 }, (_unused, index) => {
    const name = `m${index % 20_000}`;
    return { id: name, name, model: name, type: "llm", state: "loaded" };
  });
  const both = { data: entries, models: entries };
  expect(read([both, both])).toHaveLength(10_000);
});

const window = fc.oneof(fc.jsonValue(), fc.constantFrom(0, -1, 1.5, 1e300, "4096", 4_096, null));
const entry = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      id: fc.oneof(fc.string(), fc.jsonValue()),
      name: fc.oneof(fc.string(), fc.jsonValue()),
      model: fc.oneof(fc.string(), fc.jsonValue()),
      type: fc.oneof(fc.constantFrom("llm", "vlm", "embeddings"), fc.jsonValue()),
      state: fc.oneof(fc.constantFrom("loaded", "not-loaded"), fc.jsonValue()),
      status: fc.oneof(fc.record({ value: fc.jsonValue() }), fc.jsonValue()),
      meta: fc.oneof(fc.record({ n_ctx: window }), fc.jsonValue()),
      details: fc.oneof(fc.record({ family: fc.jsonValue() }), fc.jsonValue()),
      capabilities: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
      loaded_context_length: window,
      context_length: window,
      max_model_len: window,
    },
    { requiredKeys: [] },
  ),
);
const answer = fc.oneof(
  fc.jsonValue(),
  fc.record({ data: fc.oneof(fc.array(entry), fc.jsonValue()), models: fc.oneof(fc.array(entry), fc.jsonValue()) }),
  fc.record({ default_generation_settings: fc.oneof(fc.record({ n_ctx: window }), fc.jsonValue()) }),
);

test.each(readers)(
  "%s: whatever comes, there are names that can be sent and windows that are numbers, or nothing",
  (_, read) => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 3 }), (answers) => {
        const found = read(answers) ?? [];
        for (const { name, isLoaded, window: tokens } of found) {
          expect(typeof isLoaded).toBe("boolean");
          expect(name).toMatch(/^[^\p{C}\p{Zl}\p{Zp}]{1,256}$/u);
          if (tokens !== undefined) expect(Number.isInteger(tokens) && tokens > 0).toBe(true);
        }
        expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
        expect(chooseModel(found, "deepseek-flash") === undefined).toBe(found.length === 0);
      }),
      { numRuns: 500 },
    );
  },
);
