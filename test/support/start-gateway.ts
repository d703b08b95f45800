import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cleanEnvironment } from "../runtimes/start-program.ts";

const FOLDER = new URL("../gateway/", import.meta.url);
const PROGRAM = fileURLToPath(new URL("node_modules/@portkey-ai/gateway/build/start-server.js", FOLDER));
const START_MS = 30_000;

/** The Portkey gateway, running on loopback. */
export interface Gateway {
  /** As in `http://127.0.0.1:54321`. */
  readonly url: string;
  /** Has it close the connections on which nobody waits for anything. */
  rest(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Whether the gateway is installed. Without it the tests that need it are skipped, and say so; with REQUIRE_PROGRAMS=1
 * that is a failure.
 */
export function findGateway(): boolean {
  if (existsSync(PROGRAM)) return true;
  const remedy = "npm ci --prefix test/gateway --ignore-scripts installs the gateway";
  if (process.env["REQUIRE_PROGRAMS"] === "1") throw new Error(`The Portkey gateway is required: ${remedy}.`);
  console.warn(`SKIPPED: ${remedy}`);
  return false;
}

/** Starts it as a program of its own; it ends with `stop()`, and with this process. */
export async function startGateway(): Promise<Gateway> {
  const child = fork(PROGRAM, ["--headless"], {
    execArgv: ["--import", new URL("listen-on-loopback.ts", FOLDER).href],
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-10_000);
    });
  }
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  try {
    const [{ port }] = await Promise.race([
      once(child, "message", { signal: AbortSignal.timeout(START_MS) }),
      ended.then(() => Promise.reject(new Error("It ended."))),
    ]);
    const rest = async () => {
      const rested = once(child, "message");
      child.send("rest");
      await rested;
    };
    return { url: `http://127.0.0.1:${port}`, rest, stop };
  } catch (cause) {
    await stop();
    throw new Error(`The gateway did not start: ${output}`, { cause });
  }
}
