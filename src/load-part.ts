import { raceAbort } from "./async/abort.ts";
import { ConnectionError } from "./error-family.ts";

/**
 * Loads a part of this package with its first use, and again only when that failed.
 * @throws ConnectionError when it cannot be had: offline in a browser, or after a new version of the app was put up.
 */
export function loadPart<T>(load: () => Promise<T>): () => Promise<T> | T {
  let part: T | undefined;
  const first = async () => {
    try {
      part = await load();
      return part;
    } catch (cause) {
      const message = "A part of resilient-deepseek could not be loaded: the network is down, or the app was replaced.";
      throw new ConnectionError(message, { cause });
    }
  };
  return () => part ?? first();
}

/** A part that is there, or comes. In a browser it comes over the network, which may never bring it: an abort ends the wait. */
export function unlessAborted<T>(part: Promise<T> | T, signal: AbortSignal): Promise<T> | T {
  return part instanceof Promise ? raceAbort(part, signal, () => {}) : part;
}
