import { readdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { versionOf } from "./program-runtime.ts";
import type { Runtime, Stage } from "./runtime.ts";
import { cleanEnvironment, type Program, startProgram } from "./start-program.ts";
import type { CaseResult } from "./suite/conformance.ts";
import { KEY } from "./suite/key.ts";

/** What a worker is configured with. Its age decides what there is. */
export interface WorkerSettings {
  readonly name: string;
  readonly compatibilityDate: string;
  readonly hasEnvironment: boolean;
}

/** Cases that run at once, each a request of its own. */
const AT_ONCE = 6;

/** workerd, the runtime of Cloudflare's Workers. It resolves no packages: its modules stand in the configuration. */
export function workerdRuntime(command: string, settings: WorkerSettings): Runtime {
  return {
    name: settings.name,
    version: () => versionOf(command),
    run: (stage) => runWorker(command, settings, stage),
  };
}

async function runWorker(command: string, settings: WorkerSettings, stage: Stage): Promise<readonly CaseResult[]> {
  const { folder, dist } = stage.prepared;
  const config = join(folder, `worker-${settings.compatibilityDate}.capnp`);
  writeFileSync(config, configuration(settings, dist));
  const program = startProgram(command, ["serve", "--control-fd=3", config], {
    cwd: folder,
    env: cleanEnvironment(),
    limitMs: stage.limitMs,
  });
  try {
    const address = `http://127.0.0.1:${await listeningPort(program)}`;
    const names = stage.names.values();
    const results: CaseResult[] = [];
    const work = async () => {
      for (const name of names) results.push(await askForCase(address, name, settings, stage.control));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return results;
  } finally {
    program.end();
    await program.ended;
  }
}

async function askForCase(
  address: string,
  name: string,
  { hasEnvironment }: WorkerSettings,
  control: string,
): Promise<CaseResult> {
  const query = new URLSearchParams({ case: name, control, ...(hasEnvironment && { environment: "yes" }) });
  try {
    // Not fetch: it would wait for no more than 300 s.
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      http.get(`${address}/?${query}`, resolve).on("error", reject);
    });
    const said = (await response.setEncoding("utf8").toArray()).join("");
    return response.statusCode === 200 ? (JSON.parse(said) as CaseResult) : { name, failure: said };
  } catch (error) {
    return { name, failure: `The worker gave no answer: ${error}` };
  }
}

/** workerd tells over its control channel which port the system gave it. */
function listeningPort(program: Program): Promise<number> {
  return new Promise((resolve, reject) => {
    program.onLine(3, (line) => {
      const told = JSON.parse(line) as { event?: string; port?: number };
      if (told.event === "listen" && told.port !== undefined) resolve(told.port);
    });
    void program.ended.then(() => reject(new Error(`workerd did not start:\n${program.output}`)));
  });
}

/** The modules of the package as they are in the tarball, so that what loads late does so here too. */
function configuration({ compatibilityDate }: WorkerSettings, dist: string): string {
  const packaged = readdirSync(dist).filter((name) => name.endsWith(".js") && name !== "testing.js");
  const modules = [
    ["worker.js", "worker.js"],
    ["conformance.js", "conformance.js"],
    ...packaged.map((name) => [
      name === "index.js" ? "resilient-deepseek" : name,
      `node_modules/resilient-deepseek/dist/${name}`,
    ]),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "loopback", network = (allow = ["local", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
${modules.map(([name, path]) => `    (name = "${name}", esModule = embed "${path}"),`).join("\n")}
  ],
  bindings = [(name = "OPENROUTER_API_KEY", text = "${KEY}")],
  compatibilityDate = "${compatibilityDate}",
  globalOutbound = "loopback",
);
`;
}
