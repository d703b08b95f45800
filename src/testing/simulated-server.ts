import type { Serve } from "./simulated-fetch.ts";

/** A running server on loopback. */
export interface SimulatedServer extends AsyncDisposable {
  /** As in `http://127.0.0.1:54321`. */
  readonly url: string;
  /** Ends it and every connection to it. */
  close(): Promise<void>;
}

/** Serves over real HTTP, on a port the system chooses. Node only. */
export async function startServer(serve: Serve): Promise<SimulatedServer> {
  // Asked for instead of imported: a bundler for browsers would look for it, and find nothing.
  const { createServer } = process.getBuiltinModule("node:http");
  const server = createServer((request, response) => {
    const left = new AbortController();
    response.on("close", () => left.abort());
    // A client that leaves in the middle is no error here.
    response.on("error", () => left.abort());
    request.setEncoding("utf8");
    let body = "";
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const headers = new Headers(
        Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const path = (request.url ?? "/").replace(/[?#].*/s, "");
      const incoming = { method: request.method ?? "GET", path, headers, body };
      const stage = {
        head(status: number, fields: Readonly<Record<string, string>>) {
          response.writeHead(status, fields);
          response.flushHeaders();
        },
        write: (bytes: Uint8Array) => void response.write(bytes),
        end: () => void response.end(),
        // What was written before goes out first.
        cut: () => void (response.headersSent ? response.write("", () => response.destroy()) : response.destroy()),
      };
      serve(incoming, stage, left.signal).catch((error: unknown) => {
        // A mistake in the test's own `answer` function: told as a server tells its own.
        if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
        response.end(`The simulator failed: ${String(error)}`);
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}
