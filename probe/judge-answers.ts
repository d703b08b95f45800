import { type Answer, at, isSuccess } from "./answer.ts";
import { differs, holds, type Judge, unknown } from "./probe.ts";

/** For a request that must be refused with 400 and words like these. */
export function refused(words: RegExp, change: { readonly accepted: string; readonly otherwise: string }): Judge {
  return ([answer]) => {
    if (!answer) return unknown("Nothing was asked.");
    if (isSuccess(answer)) return differs(`It was accepted (${answer.status}).`, change.accepted);
    if (answer.status === 400 && words.test(answer.said)) return holds(describe(answer));
    return differs(`It was refused otherwise: ${describe(answer)}`, change.otherwise);
  };
}

/** For a request that must be accepted. */
export function accepted(change: string): Judge {
  return ([answer]) => {
    if (!answer) return unknown("Nothing was asked.");
    return isSuccess(answer) ? holds(`Accepted (${answer.status}).`) : differs(describe(answer), change);
  };
}

/** `400 "Invalid stop value"`. */
export function describe({ status, said }: Answer): string {
  if (status === undefined) return said;
  return said ? `${status} "${said}"` : `${status}, without a word`;
}

/** Why these answers prove nothing, if they do not: a server that is busy says nothing about its rules. */
export function whyUnknown(answers: readonly Answer[]): string | undefined {
  for (const answer of answers) {
    const { status, path } = answer;
    if (status === undefined) return `There was no answer: ${answer.said}`;
    if (status === 408 || status === 429 || status >= 500) return `The server was busy: ${describe(answer)}`;
    if (status >= 300 && status < 400) return `It was redirected (${status}), which is not followed.`;
    if (status === 402 || status === 403) return `The account may not: ${describe(answer)}`;
    if (isSuccess(answer) && (answer.json === undefined || at(answer.json, "error")) && answer.events.length === 0)
      return `It was answered without an answer: ${describe(answer)}`;
    if (status === 404 && path.endsWith("/chat/completions")) return `There is no ${path} there: ${describe(answer)}`;
  }
  return undefined;
}
