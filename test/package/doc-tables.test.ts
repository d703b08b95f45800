import { expect, test } from "vitest";
import { PROFILES } from "../../src/client-options.ts";
import { type ErrorCode, RETRYABLE } from "../../src/error-codes.ts";
import { createResilientClient, lmStudio, ollama, ResilientClientError } from "../../src/index.ts";
import { deepseekModel } from "../../src/providers/deepseek-models.ts";
import { OPENROUTER_MODELS } from "../../src/providers/openrouter-models.ts";
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
