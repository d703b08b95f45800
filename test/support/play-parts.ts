import { expect } from "vitest";
import { type Call, type Delivered, isReset, type Reply } from "../../src/call.ts";
import { createCompletionAssembler } from "../../src/chat/assemble-completion.ts";
import type { ChatCompletionChunk } from "../../src/chat/chat-response.ts";
import { estimateTokens } from "../../src/context/estimate-tokens.ts";
import { StreamInterruptedError } from "../../src/error-family.ts";
import type { ClientEvent } from "../../src/events.ts";
import type { ResumeSettings } from "../../src/policies/plan-resume.ts";
import { resume } from "../../src/policies/resume.ts";
import { makeCall, makeReply, textChunk } from "./scripted.ts";

export const cut = new StreamInterruptedError("cut");
const usual: ResumeSettings = {
  maxResumes: 5,
  onUnresumable: "fail",
  continueOnLength: 0,
  startMs: 1_000,
  allowElsewhere: [],
  canContinue: () => true,
};
/** Long enough for a repetition of it to be found out. */
export const LONG = Array.from({ length: 40 }, (_, index) => `line ${index}\n`).join("");

export const end = textChunk("", "stop");
export const atLength = textChunk("", "length");

/** How a reply follows, what it says and what it breaks off with. */
export type Step = readonly [
  how: Reply["continued"],
  says: readonly (string | ChatCompletionChunk)[],
  error?: unknown,
  /** `heldBack`: what it generated besides, and was not delivered. */
  is?: Partial<Reply> & { readonly heldBack?: string },
];

/** The call, and who reads. */
type PlayOptions = Partial<Call> & { readonly reader?: Delivered["reader"] };

const textOf = ({ choices: [choice] }: ChatCompletionChunk) =>
  (choice?.delta.reasoning_content ?? "") + (choice?.delta.content ?? "");

/** The policy over replies of `p0`, `p1` and so on, and a reader like those of a stream. */
export async function play(
  steps: readonly (Step | Error)[],
  settings: Partial<ResumeSettings> = {},
  given: PlayOptions = {},
) {
  const { reader = "pieces", ...overrides } = given;
  const events: ClientEvent[] = [];
  const replies: ReturnType<typeof makeReply>[] = [];
  const calls: Call[] = [];
  let sum = createCompletionAssembler();
  const delivered = (): Delivered => ({ ...sum.begun(), reader });
  const call = makeCall({ delivered, onEvent: (event) => events.push(event), ...overrides });
  const next = async (asked: Call): Promise<Reply> => {
    const step = steps[calls.length];
    for (const { cancelled } of replies) expect(cancelled, "the one before is closed").toBe(true);
    calls.push(asked);
    if (!step || step instanceof Error) throw step ?? new Error("asked too often");
    const [continued, chunks, error, { heldBack = "", ...is } = {}] = step;
    const provider = `p${calls.length - 1}`;
    const attempt = call.log.begin({ kind: asked.kind ?? "first", provider, model: "m", round: asked.round });
    attempt.head();
    const all = chunks.map((chunk) => (typeof chunk === "string" ? textChunk(chunk) : chunk));
    const completionTokens = estimateTokens(all.map(textOf).join("") + heldBack);
    const tokens = { promptTokens: 10, cachedTokens: 0, completionTokens, reasoningTokens: 0 };
    const given = makeReply(all, error, (outcome) => attempt.end({ outcome, tokens, estimated: true }));
    const reply = Object.assign(given, { continued, provider }, is);
    replies.push(reply);
    return reply;
  };
  const reply = await resume({ ...usual, ...settings })(call, next);
  let breaks = 0;
  const read = async () => {
    do {
      if (isReset(reply.breaks, breaks)) sum = createCompletionAssembler();
      breaks = reply.breaks.length;
      for (let chunk = reply.take(); chunk; chunk = reply.take()) sum.add(chunk);
    } while (await reply.more());
    return sum.completion(reply.unshownReasoning).choices[0];
  };
  return { call, reply, replies, calls, events, read, partial: () => sum.partial() };
}
