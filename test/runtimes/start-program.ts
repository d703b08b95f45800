import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** Programs that run right now: whatever happens, none of them outlives the run. */
const running = new Set<ChildProcess>();

export interface Program {
  /** Everything it said so far, for when it failed. */
  readonly output: string;
  /** Its lines on this file descriptor, as they come. */
  onLine(descriptor: 1 | 3, listener: (line: string) => void): void;
  /** Its exit code; `undefined` when it was ended. */
  readonly ended: Promise<number | undefined>;
  end(): void;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

/** Starts a program in a process group of its own, and ends the group after `limitMs`. */
export function startProgram(command: string, args: readonly string[], options: ProgramOptions): Program {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? cleanEnvironment(),
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  const keep = (text: string) => {
    output = (output + text).slice(-20_000);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", keep);
  const timer = setTimeout(() => {
    keep(`\nEnded after ${options.limitMs / 1000} s.`);
    endGroup(child);
  }, options.limitMs);
  const ended = new Promise<number | undefined>((resolve) => {
    const settle = (code: number | null) => {
      clearTimeout(timer);
      running.delete(child);
      resolve(code ?? undefined);
    };
    child.on("close", settle);
    child.on("error", (error) => {
      keep(String(error));
      settle(null);
    });
  });
  return {
    get output() {
      return output;
    },
    onLine: (descriptor, listener) => splitLines(child.stdio[descriptor] as Readable, listener),
    ended,
    end: () => endGroup(child),
  };
}

/** The environment without keys and addresses of the person who runs this. */
export function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(?:DEEPSEEK|OPENROUTER)_|_proxy$/i.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

export function endPrograms(): void {
  for (const child of running) endGroup(child);
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}

function splitLines(stream: Readable, listener: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) listener(line);
  });
}
