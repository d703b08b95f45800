import { defer } from "../async/deferred.ts";
import type { Stage } from "./exchange.ts";

/** A request as the simulator sees it, however it came. */
export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Plays the answer to `request` on `stage`. `signal` aborts when the client leaves. */
export type Serve = (request: IncomingRequest, stage: Stage, signal: AbortSignal) => Promise<void>;

/** A `fetch` that is answered in memory, and fails the way Node's fetch fails. */
export function createSimulatedFetch(serve: Serve): typeof globalThis.fetch {
  return async (input, init) => {
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    signal?.throwIfAborted();
    const request = await readRequest(input, init);
    const left = new AbortController();
    const { promise, resolve, reject } = defer<Response>();
    const stage = createMemoryStage(resolve, reject, () => left.abort());
    const onAbort = () => {
      left.abort();
      reject(signal?.reason);
      stage.fail(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    void serve(request, stage, left.signal).finally(() => signal?.removeEventListener("abort", onAbort));
    return promise;
  };
}

async function readRequest(input: string | URL | Request, init: RequestInit | undefined): Promise<IncomingRequest> {
  const given = input instanceof Request ? input : undefined;
  const url = new URL(given?.url ?? String(input));
  const body = typeof init?.body === "string" ? init.body : ((await given?.text()) ?? "");
  return {
    method: init?.method ?? given?.method ?? "GET",
    path: url.pathname,
    headers: new Headers(init?.headers ?? given?.headers),
    body,
  };
}

type Item = { readonly bytes: Uint8Array } | { readonly end: true } | { readonly error: unknown };

/** A response whose body gives each write on its own, and breaks only after everything written before the break was read. */
function createMemoryStage(
  resolve: (response: Response) => void,
  reject: (error: unknown) => void,
  onLeave: () => void,
): Stage & { fail(error: unknown): void } {
  const items: Item[] = [];
  let wake = () => {};
  let hasHead = false;
  const push = (item: Item) => {
    items.push(item);
    wake();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        while (items.length === 0) {
          await new Promise<void>((woken) => {
            wake = woken;
          });
        }
        const item = items.shift() as Item;
        if ("bytes" in item) controller.enqueue(item.bytes);
        else if ("end" in item) controller.close();
        else controller.error(item.error);
      },
      cancel: onLeave,
    },
    { highWaterMark: 0 },
  );
  return {
    head(status, headers) {
      hasHead = true;
      resolve(new Response(body, { status, headers }));
    },
    write: (bytes) => push({ bytes }),
    end: () => push({ end: true }),
    cut() {
      if (hasHead) push({ error: networkError("terminated", "other side closed", "UND_ERR_SOCKET") });
      else reject(networkError("fetch failed", "connect ECONNREFUSED 127.0.0.1:443", "ECONNREFUSED"));
    },
    fail(error) {
      items.length = 0;
      push({ error });
    },
  };
}

function networkError(message: string, reason: string, code: string): TypeError {
  return new TypeError(message, { cause: Object.assign(new Error(reason), { code }) });
}
