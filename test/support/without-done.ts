const DONE = "data: [DONE]\n\n";

/** A fetch whose streams lack their `[DONE]`. `isOpen`: and then stay open for good. */
export function withoutDone(isOpen: boolean): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, headers } = response;
    const decoder = new TextDecoder();
    const stripped = body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (bytes, controller) =>
          controller.enqueue(new TextEncoder().encode(decoder.decode(bytes, { stream: true }).replace(DONE, ""))),
        flush: () => (isOpen ? new Promise<void>(() => {}) : undefined),
      }),
    );
    return new Response(stripped ?? null, { status, headers });
  };
}
