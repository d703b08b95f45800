import { ignoreRejection } from "../async/abort.ts";
import type { ChatCompletion } from "../chat/chat-response.ts";
import type { CallPromise } from "../client/completions.ts";
import type { Report } from "../report.ts";

/** Adds `withReport()`; `report` is asked when the promise has resolved. */
export function withReport(promise: Promise<ChatCompletion>, report: () => Report): CallPromise<ChatCompletion> {
  return Object.assign(promise, {
    async withReport() {
      ignoreRejection(promise);
      const data = await promise;
      return { data, report: report() };
    },
  });
}
