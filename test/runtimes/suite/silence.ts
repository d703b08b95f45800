import { TimeoutError } from "resilient-deepseek";
import { casesOf, check, rejectionOf, same } from "./case.ts";
import { clientOf, params } from "./client.ts";

/** Longer than any limit a runtime was seen to have of its own. */
const SILENCE_MS = 400_000;

const PATIENT = {
  retry: false,
  resume: false,
  timeouts: { startMs: Number.POSITIVE_INFINITY, headersMs: SILENCE_MS, wireMs: SILENCE_MS, contentMs: SILENCE_MS },
} as const;

/** They take nearly seven minutes. What ended the silence, the client's limit or the runtime's, stands in the note. */
export const silenceCases = casesOf({
  async "a long silence before the headers ends as a timeout of that phase"({ open }) {
    const world = await open({ options: { script: ["black_hole"] } });
    const error = await rejectionOf(clientOf(world, PATIENT).chat.completions.create(params));
    check(TimeoutError.isInstance(error), "it is a timeout");
    same(error.phase, "headers", "the phase");
    return error.message;
  },

  async "a long silence in the answer ends as a timeout of that phase"({ open }) {
    const world = await open({ options: { script: [{ kind: "stall", afterTokens: 5 }] } });
    const error = await rejectionOf(clientOf(world, PATIENT).chat.completions.create(params));
    check(TimeoutError.isInstance(error), "it is a timeout");
    same(error.phase, "wire", "the phase");
    return error.message;
  },
});
