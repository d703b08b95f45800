import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly needs?: string;
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(root, ".github/workflows");
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), "utf8");
  return { name, text, workflow: parse(text, { strict: true, uniqueKeys: true }) as Workflow };
});
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ id: `${name}: ${id}`, job })),
);

test("there are the two workflows", () => {
  expect(workflows.map(({ name }) => name)).toEqual(["ci.yml", "release.yml"]);
});

test.each(workflows)("$name: nothing is permitted but what a job asks for", ({ workflow }) => {
  expect(workflow.permissions).toEqual({});
});

test.each(workflows)("$name: every action is pinned by a whole commit, with its version beside it", ({ text }) => {
  const uses = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, action]) => action ?? "");
  expect(uses.length).toBeGreaterThan(0);
  const own = uses.filter((action) => action.startsWith("./"));
  expect(
    uses.filter((action) => !own.includes(action) && !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
  ).toEqual([]);
});

test("one action has one commit everywhere", () => {
  const pins = workflows.flatMap(({ text }) => [...text.matchAll(/uses: ([\w-]+\/[\w-]+)\S*@(\S+)/g)]);
  const commits = new Map<string, Set<string>>();
  for (const [, action = "", commit = ""] of pins) commits.set(action, (commits.get(action) ?? new Set()).add(commit));
  expect([...commits].filter(([, found]) => found.size !== 1)).toEqual([]);
});

test.each(jobs)(
  "$id: names its permissions, its time has an end, and its checkout leaves no credentials",
  ({ job }) => {
    expect(job.permissions).toBeDefined();
    if (job.uses === undefined) expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
    const checkouts = (job.steps ?? []).filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.filter(({ with: given }) => given?.["persist-credentials"] !== false)).toEqual([]);
  },
);

test("only the job that publishes may speak for the package, in an environment, and it runs none of our code", () => {
  const trusted = jobs.filter(({ job }) => "id-token" in (job.permissions ?? {}));
  expect(trusted.map(({ id }) => id)).toEqual(["release.yml: publish"]);
  const { job } = trusted[0] ?? {};
  expect(job).toMatchObject({ environment: "npm", permissions: { "id-token": "write" } });
  expect(job?.steps?.flatMap(({ run }) => run ?? [])).toEqual([
    "npm publish --provenance --access public --ignore-scripts ./*.tgz",
  ]);
  expect(job?.steps?.some(({ uses }) => uses?.includes("checkout"))).toBe(false);
});

test.each(jobs)("$id: no secret, and no text of a stranger's inside a command", ({ job }) => {
  const commands = (job.steps ?? []).flatMap(({ run }) => run ?? []);
  expect(commands.filter((command) => command.includes("${{"))).toEqual([]);
  expect(JSON.stringify(job)).not.toContain("secrets.");
});

test("what is published was checked and packed before", () => {
  const { jobs: release } = workflows[1]?.workflow ?? { jobs: {} };
  expect(["tag", "publish", "pack", "check"].map((id) => release[id]?.needs)).toEqual([
    "publish",
    "pack",
    "check",
    "mode",
  ]);
  expect(release["check"]?.uses).toBe("./.github/workflows/ci.yml");
});

test("every script that a workflow runs is in package.json", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const run = workflows.flatMap(({ text }) => [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? ""));
  expect(run.length).toBeGreaterThan(0);
  expect(run.filter((name) => !(name in scripts))).toEqual([]);
});

test("the form for issues is one", () => {
  const form = parse(readFileSync(join(root, ".github/ISSUE_TEMPLATE/bug.yml"), "utf8"), { strict: true });
  expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
  expect(form.body.every(({ type, attributes }: { type: string; attributes: unknown }) => type && attributes)).toBe(
    true,
  );
});
