import http from "node:http";
import type { createSimulator } from "resilient-deepseek/testing";
import { CORS_HEADERS, closeServer, listen } from "./loopback.ts";
import type { Seen, WorldPlan } from "./suite/world.ts";
import { type Front, startFront } from "./world-front.ts";

export interface WorldServer {
  readonly url: string;
  close(): Promise<void>;
}

interface OpenWorld {
  readonly simulator: ReturnType<typeof createSimulator>;
  readonly front: Front | undefined;
}

/**
 * Makes simulators for a suite that may run anywhere: `POST /worlds` with a plan. `simulate` comes from the installed
 * tarball, as the client does.
 */
export async function startWorldServer(simulate: typeof createSimulator): Promise<WorldServer> {
  const worlds: OpenWorld[] = [];
  const answer = async (path: string, body: string, isBrowser: boolean): Promise<unknown> => {
    if (path === "/worlds") {
      const plan = JSON.parse(body) as WorldPlan;
      const { world, url } = await openWorld(simulate, plan, isBrowser);
      return { path: `/worlds/${worlds.push(world) - 1}`, url };
    }
    if (path === "/closed-address") return closedAddress();
    const [, index = "", action] = /^\/worlds\/(\d+)\/(seen|is-whole)$/.exec(path) ?? [];
    const world = worlds[Number(index)];
    if (!world || !action) throw new Error(`nothing at ${path}`);
    return action === "seen" ? seen(world) : world.simulator.isWholeAnswer(JSON.parse(body) as string);
  };
  const server = http.createServer(async (request, response) => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, CORS_HEADERS).end();
      return;
    }
    try {
      const body = (await request.setEncoding("utf8").toArray()).join("");
      const told = await answer(request.url ?? "", body, request.headers.origin !== undefined);
      response.writeHead(200, { ...CORS_HEADERS, "content-type": "application/json" }).end(JSON.stringify(told));
    } catch (error) {
      response.writeHead(400, CORS_HEADERS).end(String(error));
    }
  });
  return {
    url: await listen(server),
    async close() {
      await Promise.all([
        closeServer(server),
        ...worlds.flatMap(({ simulator, front }) => [simulator.close(), front?.close()]),
      ]);
    },
  };
}

async function openWorld(
  simulate: typeof createSimulator,
  { options, answer, front: plan }: WorldPlan,
  isBrowser: boolean,
): Promise<{ world: OpenWorld; url: string }> {
  const simulator = simulate({ ...options, ...(answer !== undefined && { answer: () => answer }) });
  const { url } = await simulator.listen();
  // A browser needs headers that the simulator does not send; the others talk to it directly.
  const front = plan || isBrowser ? await startFront(url, plan ?? {}) : undefined;
  return { world: { simulator, front }, url: front?.url ?? url };
}

function seen({ simulator, front }: OpenWorld): Seen {
  return { requests: simulator.requests, unused: simulator.unused, elsewhere: front?.elsewhere ?? 0 };
}

/** An address of loopback where nobody listens. */
async function closedAddress(): Promise<string> {
  const server = http.createServer();
  const url = await listen(server);
  await closeServer(server);
  return url;
}
