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
  return (input, init) => {
    const signal = init?.signal === undefined && input instanceof Request ? input.signal : init?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const left = new AbortController();
    return new Promise<Response>((resolve, reject) => {
      const stage = createMemoryStage(
        resolve,
        reject,
        () => left.abort(),
        () => signal?.removeEventListener("abort", onAbort),
      );
      const onAbort = () => {
        left.abort();
        stage.fail(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      readRequest(input, init)
        .then((request) => serve(request, stage, left.signal))
        .catch((error: unknown) => stage.fail(error));
    });
  };
}

async function readRequest(input: string | URL | Request, init: RequestInit | undefined): Promise<IncomingRequest> {
  const given = input instanceof Request ? input : undefined;
  const body = init?.body === undefined || init.body === null ? given : new Response(init.body);
  return {
    method: (init?.method ?? given?.method ?? "GET").toUpperCase(),
    path: new URL(given?.url ?? String(input)).pathname,
    headers: new Headers(init?.headers ?? given?.headers),
    body: (await body?.text()) ?? "",
  };
}

type Item = { readonly bytes: Uint8Array } | { readonly end: true } | { readonly error: unknown };

interface MemoryStage extends Stage {
  /** Ends it with an error at once, whatever was written. */
  fail(error: unknown): void;
}

/** A response whose body gives each write on its own, and breaks only after everything written before the break was read. */
function createMemoryStage(
  resolve: (response: Response) => void,
  reject: (error: unknown) => void,
  onLeave: () => void,
  onOver: () => void,
): MemoryStage {
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
        if ("bytes" in item) return controller.enqueue(item.bytes);
        onOver();
        if ("end" in item) controller.close();
        else controller.error(item.error);
      },
      cancel() {
        onOver();
        onLeave();
      },
    },
    { highWaterMark: 0 },
  );
  const fail = (error: unknown) => {
    items.length = 0;
    push({ error });
    reject(error);
    if (!hasHead) onOver();
  };
  return {
    fail,
    head(status, headers) {
      hasHead = true;
      resolve(new Response(body, { status, headers }));
    },
    write: (bytes) => push({ bytes }),
    end: () => push({ end: true }),
    cut() {
      if (hasHead) push({ error: networkError("terminated", "other side closed", "UND_ERR_SOCKET") });
      else fail(networkError("fetch failed", "connect ECONNREFUSED 127.0.0.1:443", "ECONNREFUSED"));
    },
  };
}

function networkError(message: string, reason: string, code: string): TypeError {
  return new TypeError(message, { cause: Object.assign(new Error(reason), { code }) });
}
