import { expect, test } from "vitest";
import { type ErrorCode, RETRYABLE } from "../../src/error-codes.ts";
import {
  type Abilities,
  createResilientClient,
  custom,
  deepseek,
  lmStudio,
  ollama,
  openaiCompatible,
  openrouter,
  type Provider,
  ResilientClientError,
} from "../../src/index.ts";
import { deepseekModel } from "../../src/providers/deepseek-models.ts";
import { OPENROUTER_MODELS } from "../../src/providers/openrouter-models.ts";
import { PROFILES } from "../../src/settings.ts";
import { createSimulator, createVirtualClock, type ScriptStep } from "../../src/testing/index.ts";
import { codesIn, tableOf } from "../support/read-docs.ts";

// That the tables name everything, and nothing else, is checked by the compiler: readme.test.ts.

test.each(["README.md", "docs/errors.md"])("%s says of each error truly whether it is retried", (path) => {
  for (const [codes, when = "", retried = ""] of tableOf(path, "code").rows) {
    if (when === "not thrown yet") continue;
    for (const code of codesIn(codes)) {
      expect([code, retried.startsWith("yes") ? "yes" : retried.slice(0, 2)]).toEqual([
        code,
        RETRYABLE.has(code as ErrorCode) ? "yes" : "no",
      ]);
    }
  }
});

test("the README tells the defaults of the time limits", () => {
  const rows = tableOf("README.md", "option").rows.filter(([cell]) => cell?.startsWith("`timeouts."));
  const told = Object.fromEntries(
    rows.map(([name = "", limit = ""]) => [codesIn(name)[0]?.replace("timeouts.", ""), milliseconds(limit)]),
  );
  expect(told).toEqual(PROFILES.interactive.timeouts);
  const [, , note = ""] = rows.find(([name]) => name === "`timeouts.startMs`") ?? [];
  for (const profile of ["patient", "batch"] as const) {
    const limit = new RegExp(`\`${profile}\` (none|\\d+ min)`).exec(note)?.[1] ?? "";
    expect(milliseconds(limit)).toBe(PROFILES[profile].timeouts.startMs);
  }
});

function milliseconds(text: string): number {
  if (text === "none") return Number.POSITIVE_INFINITY;
  const [, amount, unit] = /^(\d+) (s|min)$/.exec(text) ?? [];
  return Number(amount) * (unit === "min" ? 60_000 : 1_000);
}

test.each(tableOf("docs/testing-your-app.md", "trouble").rows)(
  "%s becomes the error that is told",
  async (...cells) => {
    const [[kind = ""] = [], [code = "none"] = []] = [codesIn(cells[0]), codesIn(cells[2])];
    const clock = createVirtualClock();
    const simulator = createSimulator({ clock, script: [kind as ScriptStep] });
    const client = createResilientClient({
      apiKey: "sk-any",
      clock,
      fetch: simulator.fetch,
      retry: false,
      resume: false,
    });
    const call = client.chat.completions.create({
      model: "deepseek-flash",
      messages: [{ role: "user", content: "Hello" }],
    });
    const error = await clock.run(call.catch((thrown: unknown) => thrown));
    expect(ResilientClientError.isInstance(error) ? error.code : "none").toBe(code);
  },
);

test("providers.md tells the hosts' names and addresses", () => {
  const { header, rows } = tableOf("docs/providers.md", "");
  const cell = (row: string, host: string) =>
    rows.find(([name]) => name === row)?.[header.indexOf(`\`${host}()\``)] ?? "";
  const names = codesIn(cell("model names", "openrouter"));
  expect(new Set(names)).toEqual(new Set(Object.entries(OPENROUTER_MODELS).flat()));
  expect(cell("window", "deepseek")).toContain(deepseekModel("deepseek-flash")?.window.toLocaleString("en-US"));
  for (const [host, make] of [
    ["lmStudio", lmStudio],
    ["ollama", ollama],
  ] as const) {
    expect(make({ model: "any", baseURL: codesIn(cell("base URL", host))[0] })).toEqual(
      expect.objectContaining({ name: host, hostTimeouts: { headersMs: 600_000 }, keepAlives: false }),
    );
  }
});

test("resume.md tells the defaults of its options", () => {
  const told = tableOf("docs/resume.md", "`resume`").rows.map(([name, value = ""]) => {
    const [word] = codesIn(value);
    return [codesIn(name)[0], word === undefined ? Number(value) : word === "false" ? false : word];
  });
  for (const { resume } of Object.values(PROFILES)) expect(Object.fromEntries(told)).toEqual(resume);
});

test.each(["docs/resume.md", "docs/endpoints.md"])("%s tells which host can", (path) => {
  const [apiKey, model, baseURL] = ["sk-any", "any", "https://host.example"];
  const made: Readonly<Record<string, Provider>> = {
    deepseek: deepseek({ apiKey }),
    openrouter: openrouter({ apiKey }),
    lmStudio: lmStudio({ model }),
    ollama: ollama({ model }),
    openaiCompatible: openaiCompatible({ name: "any", baseURL, apiKey }),
    custom: custom({ name: "any", send: () => Promise.reject(new Error("not asked")) }),
  };
  const { header, rows } = tableOf(path, "");
  const abilities = header.slice(1).map((name) => codesIn(name)[0] as keyof Abilities);
  const told = rows.flatMap(([hosts, ...cells]) =>
    codesIn(hosts).map((host) => [host.replace("()", ""), cells] as const),
  );
  expect(told.map(([host]) => host).sort()).toEqual(Object.keys(made).sort());
  for (const [host, cells] of told) {
    const known = abilities.map((ability) => (made[host]?.abilities[ability] ? "yes" : "no"));
    expect([host, ...cells]).toEqual([host, ...known]);
  }
});
