// A child process that answers each message with one.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Child {
  ask(message: object): Promise<Reply>;
  end(): Promise<void>;
}

interface Reply {
  readonly port?: number;
  readonly requests?: number;
  /** What one turn cost, in milliseconds of CPU. */
  readonly cpuMs?: number;
  /** What is on the heap, in bytes. */
  readonly heap?: number;
  readonly error?: string;
}

/** Starts a file of this folder, and resolves with its first message. */
export async function startChild(
  file: string,
  args: readonly string[],
  execArgv: string[] = [],
): Promise<{ child: Child; first: Reply }> {
  const what = [file, ...args].join(" ");
  const forked = fork(join(import.meta.dirname, file), args, { execArgv });
  const child: Child = {
    ask(message) {
      const reply = nextMessage(forked, what);
      forked.send(message);
      return reply;
    },
    async end() {
      if (!forked.connected) return;
      const exit = once(forked, "exit");
      forked.disconnect();
      await exit;
    },
  };
  return { child, first: await nextMessage(forked, what) };
}

function nextMessage(forked: ChildProcess, what: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const settle = (reply: Reply) => {
      forked.off("message", onMessage).off("exit", onExit);
      if (reply.error) reject(new Error(`${what}: ${reply.error}`));
      else resolve(reply);
    };
    const onMessage = (message: unknown) => settle(message as Reply);
    const onExit = (code: number | null) => settle({ error: `ended with exit code ${code}` });
    forked.on("message", onMessage).on("exit", onExit);
  });
}
