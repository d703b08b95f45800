/** The part of msw's `http` that is needed, so that msw stays your dependency. */
export interface MswHttp<Handler> {
  /** As msw's `http.all`. */
  all(path: string, resolver: (info: { readonly request: Request }) => Promise<Response>): Handler;
}

/** Lets a simulated fetch answer through msw. */
export function createMswHandlers<Handler>(
  http: MswHttp<Handler>,
  fetch: typeof globalThis.fetch,
  baseURL = "https://api.deepseek.com",
): Handler[] {
  return [
    http.all(`${baseURL}/*`, ({ request }) =>
      fetch(request).then(asUnframed, (error: unknown) => asNetworkError(error, request.signal)),
    ),
  ];
}

/** msw takes a body without framing for complete wherever it breaks off, and a connection it may reuse for one that lives. */
function asUnframed(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("transfer-encoding", "chunked");
  headers.set("connection", "close");
  return new Response(response.body, { status: response.status, headers });
}

/** msw's word for "no connection", also for a client that has left; an error that is thrown would become a 500. */
function asNetworkError(error: unknown, signal: AbortSignal): Response {
  const isConnection = error instanceof TypeError && error.message === "fetch failed";
  if (isConnection || signal.aborted) return Response.error();
  throw error;
}
