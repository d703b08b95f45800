import { expect, test } from "vitest";
import { createSimulator, type SimulatorOptions } from "../../../src/testing/index.ts";
import { ask, PLAIN } from "./ask.ts";

async function listAt(options: SimulatorOptions, path: string, asked: readonly string[] = []): Promise<unknown> {
  const simulator = createSimulator(options);
  for (const model of asked) await ask(simulator, { ...PLAIN, model });
  const response = await simulator.fetch(`http://127.0.0.1:1234${path}`);
  return response.ok ? response.json() : response.status;
}

test("LM Studio lists its models with what is loaded, and shows by its usual list what it would load", async () => {
  const options: SimulatorOptions = {
    dialect: "lmStudio",
    models: ["a", "b", "c-embed"],
    loaded: ["b"],
    window: 4_096,
  };
  expect(await listAt(options, "/api/v0/models")).toMatchObject({
    object: "list",
    data: [
      { id: "a", type: "llm", state: "not-loaded" },
      { id: "b", type: "llm", state: "loaded", loaded_context_length: 4_096 },
      { id: "c-embed", type: "embeddings", state: "not-loaded" },
    ],
  });
  expect(await listAt(options, "/v1/models")).toMatchObject({ data: [{ id: "a" }, { id: "b" }, { id: "c-embed" }] });
  expect(await listAt({ ...options, justInTime: false }, "/v1/models")).toMatchObject({ data: [{ id: "b" }] });
  expect(await listAt(options, "/api/v0/models", ["a"])).toMatchObject({ data: [{ state: "loaded" }, {}, {}] });
  expect(await listAt({ dialect: "lmStudio" }, "/api/v0/models")).toMatchObject({
    data: [{ id: "deepseek-r1-0528-qwen3-8b", state: "loaded" }],
  });
});

test("LM Studio that loads nothing when asked refuses what is not loaded", async () => {
  const options: SimulatorOptions = { dialect: "lmStudio", models: ["a"], loaded: [], justInTime: false };
  const { status, text } = await ask(createSimulator(options), { ...PLAIN, model: "a" });
  expect([status, JSON.parse(text)]).toEqual([404, { error: expect.stringMatching(/^No models loaded/) }]);
});

test("Ollama lists what runs, with its window, and what is installed", async () => {
  const options: SimulatorOptions = { dialect: "ollama", models: ["a:8b", "c-embed"], loaded: [], window: 4_096 };
  expect(await listAt(options, "/api/ps")).toEqual({ models: [] });
  expect(await listAt(options, "/api/ps", ["a:8b"])).toMatchObject({
    models: [{ model: "a:8b", context_length: 4_096 }],
  });
  expect(await listAt(options, "/api/tags")).toMatchObject({
    models: [
      { name: "a:8b", model: "a:8b", capabilities: ["completion"] },
      { name: "c-embed", capabilities: ["embedding"], details: { family: "nomic-bert" } },
    ],
  });
  expect(await listAt(options, "/api/v0/models")).toMatchObject({ object: "list" });
  expect(await listAt({ dialect: "ollama" }, "/api/tags")).toMatchObject({ models: [{ name: "deepseek-r1:8b" }] });
  expect(await listAt({ dialect: "deepseek" }, "/api/ps")).toBe(401);
});
