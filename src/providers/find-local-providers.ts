import { forwardAbort } from "../async/abort.ts";
import { type Clock, systemClock } from "../async/clock.ts";
import { aClock, aFunction, aString, checkShape, finiteMs, group, refuse, type Shape } from "../check-shape.ts";
import { addV1, createModelFinder } from "./find-model.ts";
import { checkBaseURL, findKey } from "./host-options.ts";
import { lmStudio } from "./lm-studio.ts";
import { LM_STUDIO, OLLAMA } from "./local-models.ts";
import { ollama } from "./ollama.ts";
import type { Provider } from "./provider.ts";

/** Options of `findLocalProviders()`. */
export interface FindLocalOptions {
  /** Ends the search: it rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Who has not answered by then is not there. Milliseconds from 1. @defaultValue 1_000 */
  readonly timeoutMs?: number | undefined;
  /** Where to look instead; `/v1` is added where there is no path. @defaultValue `http://127.0.0.1:1234/v1` for LM Studio, `http://127.0.0.1:11434/v1` for Ollama */
  readonly baseURLs?: { readonly lmStudio?: string | undefined; readonly ollama?: string | undefined } | undefined;
  /** Looks with it. @defaultValue the runtime's own */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For tests. @defaultValue the system's clock */
  readonly clock?: Clock | undefined;
}

const shape = (): Shape => ({
  signal: (value, label) => {
    // Not `instanceof`: it may come from another realm.
    if (typeof (value as AbortSignal | null)?.addEventListener !== "function") refuse(label, "an AbortSignal", value);
  },
  timeoutMs: finiteMs,
  baseURLs: group({ lmStudio: aString, ollama: aString }),
  fetch: aFunction,
  clock: aClock,
});

/** In the order they are given. */
const HOSTS = [
  { name: "lmStudio", source: LM_STUDIO, create: lmStudio },
  { name: "ollama", source: OLLAMA, create: ollama },
] as const;

/**
 * Finds the local servers that run and have a model: LM Studio, then Ollama, on their usual ports. Both are asked at the same time.
 * What does not run, has no model, or gives no list of them is left out.
 *
 * @example
 * const client = createResilientClient({ providers: [deepseek(), ...(await findLocalProviders())] });
 * @throws InvalidOptionsError when an option is unknown or out of range; the signal's own reason.
 */
export async function findLocalProviders(options: FindLocalOptions = {}): Promise<Provider[]> {
  checkShape(options, "findLocalProviders", shape(), { owner: "findLocalProviders: " });
  const { signal, timeoutMs = 1_000, baseURLs = {}, fetch = globalThis.fetch, clock = systemClock } = options;
  // All of them before the first request: a wrong address is the caller's mistake.
  const hosts = HOSTS.map(({ name, source, create }) => {
    const baseURL = checkBaseURL(name, addV1(baseURLs[name] ?? source.baseURL), false);
    const finder = createModelFinder(source, { name, baseURL, headers: {}, key: findKey(name, undefined) });
    return { finder, provider: create({ baseURL }) };
  });
  const controller = new AbortController();
  const unlink = forwardAbort(signal, controller);
  const stop = clock.after(timeoutMs, () => controller.abort());
  const look = { fetch, clock, signal: controller.signal };
  try {
    const found = await Promise.all(
      hosts.map(({ finder, provider }) =>
        finder.find(look).then(
          ({ models }) => (models.length > 0 ? [provider] : []),
          () => [],
        ),
      ),
    );
    if (signal?.aborted) throw signal.reason;
    return found.flat();
  } finally {
    stop();
    unlink();
  }
}
