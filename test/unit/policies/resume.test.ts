import { expect, test } from "vitest";
import { defer } from "../../../src/async/deferred.ts";
import type { Call, Delivered, Reply } from "../../../src/call.ts";
import {
  AuthenticationError,
  ContentFilterError,
  InsufficientBalanceError,
  StreamInterruptedError,
} from "../../../src/error-family.ts";
import type { ResumeSettings } from "../../../src/policies/plan-resume.ts";
import { resume } from "../../../src/policies/resume.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeCall, makeReply, textChunk } from "../../support/scripted.ts";

const settings: ResumeSettings = {
  maxResumes: 2,
  onUnresumable: "fail",
  continueOnLength: 0,
  startMs: 1_000,
  allowElsewhere: [],
  canContinue: () => false,
};
const cut = new StreamInterruptedError("cut");

const nothing: Delivered = {
  content: "",
  reasoning_content: "",
  hasOther: false,
  id: "",
  created: 0,
  reader: "pieces",
};
/** A call whose consumer sees nothing before the end. */
const whole = (overrides: Partial<Call> = {}) =>
  makeCall({ delivered: () => ({ ...nothing, reader: "whole" }), ...overrides });

function script(...replies: readonly (Reply | Error)[]) {
  const left = [...replies];
  const calls: Call[] = [];
  const next = async (call: Call): Promise<Reply> => {
    calls.push(call);
    const reply = left.shift();
    if (!reply || reply instanceof Error) throw reply ?? new Error("asked too often");
    return reply;
  };
  return { next, calls };
}

/** Reads as `create()` does: forgets what it has when the answer starts again. */
async function readAll(reply: Reply): Promise<string> {
  let text = "";
  let breaks = 0;
  do {
    if (reply.breaks.slice(breaks).some(({ type }) => type === "reset")) text = "";
    breaks = reply.breaks.length;
    for (let chunk = reply.take(); chunk; chunk = reply.take()) text += chunk.choices[0]?.delta.content;
  } while (await reply.more());
  return text;
}

test("an answer nobody has seen starts again when it breaks off", async () => {
  const { next, calls } = script(makeReply([textChunk("half")], cut), makeReply([textChunk("wh"), textChunk("ole")]));
  const reply = await resume(settings)(whole({}), next);
  expect(await readAll(reply)).toBe("whole");
  expect(reply.breaks).toEqual([{ type: "reset" }]);
  expect(calls.length).toBe(2);
  expect(await reply.closed).toMatchObject({ outcome: "succeeded" });
});

test("each new start has the time of a first one, within the time of the whole call", async () => {
  const clock = createVirtualClock();
  const { next, calls } = script(makeReply([], cut), makeReply([], cut), makeReply([textChunk("x")]));
  const deadlineAt = clock.now() + 5_500;
  const reply = await resume(settings)(whole({ clock, deadlineAt, startBy: clock.now() + 1 }), next);
  await clock.advance(3_000);
  await reply.more();
  expect(calls[1]?.startBy).toBe(clock.now() + 1_000);
  await clock.advance(2_000);
  await reply.more();
  expect(calls[2]?.startBy).toBe(deadlineAt);
});

test("after maxResumes the last failure is thrown unchanged", async () => {
  const { next, calls } = script(makeReply([], cut), makeReply([], cut), makeReply([], cut));
  const reply = await resume(settings)(whole({}), next);
  await expect(readAll(reply)).rejects.toBe(cut);
  expect(calls.length).toBe(3);
  await reply.closed;
});

test("a failure that cannot pass at this provider may pass at another: it starts again too", async () => {
  const noBalance = new InsufficientBalanceError("empty");
  const { next, calls } = script(makeReply([textChunk("a")], noBalance), makeReply([textChunk("whole")]));
  const reply = await resume(settings)(whole({}), next);
  expect(await readAll(reply)).toBe("whole");
  expect(calls.length).toBe(2);
});

test("a failure that ends the call is not tried again, unless the user permits it", async () => {
  const refused = new ContentFilterError("refused");
  const play = async (allowElsewhere: readonly "content_filter"[]) => {
    const { next } = script(makeReply([textChunk("a")], refused), makeReply([textChunk("whole")]));
    return readAll(await resume({ ...settings, allowElsewhere })(whole({}), next));
  };
  await expect(play([])).rejects.toBe(refused);
  expect(await play(["content_filter"])).toBe("whole");
});

test("a new start is a round of its own, and says why it is made", async () => {
  const call = whole({});
  call.log.begin({ kind: "retry", provider: "a", model: "m", round: 3 }).end({ outcome: "failed", error: cut });
  const { next, calls } = script(makeReply([], cut), makeReply([textChunk("x")]));
  await readAll(await resume(settings)(call, next));
  expect(calls[1]).toMatchObject({ round: 4, kind: "resume" });
});

test("what nobody can go on from, a refusal or a piece of a tool call that was seen, does not start again", async () => {
  const { next, calls } = script(makeReply([textChunk("")], cut));
  const delivered = () => ({ ...nothing, hasOther: true });
  await expect(readAll(await resume(settings)(makeCall({ delivered }), next))).rejects.toBe(cut);
  expect(calls.length).toBe(1);
});

test("cancelled while a new start is under way that still succeeds, its answer is cancelled too", async () => {
  const second = makeReply([textChunk("b")]);
  const gate = defer<void>();
  const { next } = script(makeReply([textChunk("a")], cut), second);
  let isFirst = true;
  const slow = async (call: Call) => {
    if (!isFirst) await gate.promise;
    isFirst = false;
    return next(call);
  };
  const reply = await resume(settings)(whole({}), slow);
  const reading = readAll(reply).catch((error: unknown) => error);
  await new Promise((resolve) => setImmediate(resolve));
  reply.cancel();
  gate.resolve();
  await reading;
  expect(second.cancelled).toBe(true);
  expect(await reply.closed).toMatchObject({ outcome: "cancelled" });
});

test("cancelled while a new start is under way, it is closed only when that has ended", async () => {
  const second = defer<Reply>();
  const { next } = script(makeReply([textChunk("a")], cut));
  let isFirst = true;
  const once = (call: Call) => {
    if (!isFirst) return second.promise;
    isFirst = false;
    return next(call);
  };
  const reply = await resume(settings)(whole({}), once);
  const reading = readAll(reply).catch((error: unknown) => error);
  await new Promise((resolve) => setImmediate(resolve));
  reply.cancel();
  let isClosed = false;
  void reply.closed.then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  second.reject("stopped");
  expect(await reading).toBe("stopped");
  expect(await reply.closed).toMatchObject({ outcome: "failed" });
});

test("when nobody answers the new start, its failure is thrown", async () => {
  const gone = new AuthenticationError("gone");
  const { next } = script(makeReply([textChunk("a")], cut), gone);
  const reply = await resume(settings)(whole({}), next);
  await expect(readAll(reply)).rejects.toBe(gone);
  expect(await reply.closed).toMatchObject({ outcome: "failed" });
});

test("a live answer of which only the role was seen starts again, and its role is not told twice", async () => {
  const opener = {
    ...textChunk(""),
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  } as const;
  const { next, calls } = script(makeReply([opener], cut), makeReply([opener, textChunk("whole")]));
  const reply = await resume(settings)(makeCall(), next);
  const chunks = [];
  do for (let chunk = reply.take(); chunk; chunk = reply.take()) chunks.push(chunk);
  while (await reply.more());
  expect(chunks).toEqual([opener, textChunk("whole")]);
  expect(calls.length).toBe(2);
});

test("with no resumes left to spend the reply is handed through as it is", async () => {
  const first = makeReply([textChunk("half")], cut);
  expect(await resume({ ...settings, maxResumes: 0 })(whole({}), script(first).next)).toBe(first);
});

test("an abort is no break: nothing starts again after it", async () => {
  const controller = new AbortController();
  const { next, calls } = script(makeReply([textChunk("a")], cut));
  const reply = await resume(settings)(whole({ signal: controller.signal }), next);
  controller.abort("enough");
  await expect(readAll(reply)).rejects.toBe(cut);
  expect(calls.length).toBe(1);
});

test("cancelling reaches the answer that is running", async () => {
  const second = makeReply([textChunk("b")]);
  const { next } = script(makeReply([], cut), second);
  const reply = await resume(settings)(whole({}), next);
  await reply.more();
  reply.cancel();
  expect(second.cancelled).toBe(true);
  expect(await reply.closed).toMatchObject({ outcome: "cancelled" });
});
