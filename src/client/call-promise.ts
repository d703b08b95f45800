import { ignoreRejection } from "../async/abort.ts";
import type { Report } from "../report.ts";

/** A promise that also gives the report of its call. */
export interface CallPromise<T> extends Promise<T> {
  /** The result together with what happened on the way. */
  withReport(): Promise<{
    /** What the promise itself resolves with. */
    readonly data: T;
    /** Every attempt: who was asked, what came of it, how long was waited. */
    readonly report: Report;
  }>;
}

/** `report`: asked when the promise has resolved. */
export function withReport<T>(promise: Promise<T>, report: () => Report): CallPromise<T> {
  return Object.assign(promise, {
    async withReport() {
      ignoreRejection(promise);
      const data = await promise;
      return { data, report: report() };
    },
  });
}
