import { expect, test } from "vitest";
import { type ErrorCode, RETRYABLE } from "../../src/error-codes.ts";
import { type Abilities, createResilientClient, type Provider, ResilientClientError } from "../../src/index.ts";
import { PROFILES } from "../../src/settings.ts";
import { createSimulator, createVirtualClock, type ScriptStep } from "../../src/testing/index.ts";
import { ALL_HOSTS } from "../support/all-hosts.ts";
import { codesIn, tableOf } from "../support/read-docs.ts";
import { exchange } from "../support/sent-request.ts";

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

const hostOf = (cell = "") => codesIn(cell)[0]?.replace("()", "") ?? "";

test("providers.md names all hosts, in each of its tables", () => {
  for (const first of ["host", "it can"])
    expect(tableOf("docs/providers.md", first).rows.map(([host]) => hostOf(host))).toEqual(Object.keys(ALL_HOSTS));
});

test.each(tableOf("docs/providers.md", "host").rows.filter(([host]) => !/custom|openaiCompatible/.test(host ?? "")))(
  "%s has the address, the key, the names and the window that providers.md tells",
  async (host, baseURL = "", key = "", models = "", window = "") => {
    const provider = ALL_HOSTS[hostOf(host)];
    expect(codesIn(key)[0]).toBe(provider?.keyVariable);
    expect(codesIn(baseURL)).toContain((await addressOf(provider)).replace(/\/chat\/completions$/, ""));
    const names = ["deepseek-flash", "deepseek-v4-pro"].map((name) => provider?.model(name) ?? "");
    if (models.includes("`")) expect(codesIn(models)).toEqual(expect.arrayContaining(names));
    const known = names.map((name) => provider?.window(name)).filter((tokens) => tokens !== undefined);
    if (known.length > 0) expect(window).toContain(known[0]?.toLocaleString("en-US"));
    else expect(window).toMatch(/^(?:unknown|what is loaded)$/);
  },
);

/** Where a provider sends a request. */
async function addressOf(provider: Provider | undefined): Promise<string> {
  const request = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
  return provider ? String((await exchange(provider, request)).url) : "";
}

test.each(tableOf("docs/providers.md", "it can").rows)("%s can what providers.md tells", (host, ...cells) => {
  const provider = ALL_HOSTS[hostOf(host)];
  const [tools = "", forced = "", json = "", pictures = "", , , goesOn = "", list = "", keepAlives = ""] = cells;
  const { abilities } = provider as Provider;
  const is = (cell: string) => /^(?:yes|functions|both|`json|by )/.test(cell);
  expect({
    tools: tools.startsWith("functions") ? "functions" : is(tools),
    forcedTools: is(forced),
    json: is(json),
    goesOn: is(goesOn),
    models: is(list),
    keepAlives: is(keepAlives),
  }).toEqual({
    tools: abilities.tools,
    forcedTools: abilities.forcedTools,
    json: abilities.json,
    goesOn: abilities.prefix || abilities.prefill !== false,
    models: abilities.models,
    keepAlives: provider?.keepAlives,
  });
  expect(pictures).toBe(abilities.images && hostOf(host) !== "deepseek" ? "yes" : pictures.replace("yes", "no"));
});

test("resume.md tells the defaults of its options", () => {
  const told = tableOf("docs/resume.md", "`resume`").rows.map(([name, value = ""]) => {
    const [word] = codesIn(value);
    return [codesIn(name)[0], word === undefined ? Number(value) : word === "false" ? false : word];
  });
  for (const { resume } of Object.values(PROFILES)) expect(Object.fromEntries(told)).toEqual(resume);
});

test.each(["docs/resume.md", "docs/endpoints.md"])("%s tells which host can", (path) => {
  const { header, rows } = tableOf(path, "");
  const abilities = header.slice(1).map((name) => codesIn(name)[0] as keyof Abilities);
  const told = rows.flatMap(([hosts, ...cells]) =>
    codesIn(hosts).map((host) => [host.replace("()", ""), cells] as const),
  );
  expect(told.map(([host]) => host).sort()).toEqual(Object.keys(ALL_HOSTS).sort());
  for (const [host, cells] of told) {
    const known = abilities.map((ability) => (ALL_HOSTS[host]?.abilities[ability] ? "yes" : "no"));
    expect([host, ...cells]).toEqual([host, ...known]);
  }
});
