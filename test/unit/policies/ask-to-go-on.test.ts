import { expect, test } from "vitest";
import type { Call, Continues } from "../../../src/call.ts";
import {
  BusyError,
  ClientClosedError,
  ContentFilterError,
  InvalidRequestError,
  TimeoutError,
} from "../../../src/error-family.ts";
import { askToGoOn, withoutText } from "../../../src/policies/ask-to-go-on.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";
import { makeCall, makeReply } from "../../support/scripted.ts";

const clock = createVirtualClock();
const keep: Continues = { content: "Hel", reasoning: "", spentTokens: 1, ways: "keep" };
const restart: Continues = { ...keep, ways: "restart" };
const settings = { startMs: 1_000, allowElsewhere: [] };

function script(...errors: readonly unknown[]) {
  const left = [...errors];
  const calls: Call[] = [];
  const reply = makeReply([]);
  const next = async (call: Call) => {
    calls.push(call);
    await clock.advance(100);
    const error = left.shift();
    if (error !== undefined) throw error;
    reply.cancel();
    return reply;
  };
  return { calls, next, reply };
}

test("the ways are tried in turn, as rounds of a resume, until one leads to an answer", async () => {
  const call = makeCall({ clock });
  const { calls, next, reply } = script(new BusyError("busy"));
  expect(await askToGoOn([keep, restart], call, next, settings)).toBe(reply);
  expect(calls).toMatchObject([
    { kind: "resume", continues: keep, round: 1 },
    { kind: "resume", continues: restart, round: 1 },
  ]);
});

test("rounds go on where they were", async () => {
  const call = makeCall({ clock });
  const attempt = call.log.begin({ kind: "retry", provider: "a", model: "m", round: 6 });
  attempt.end({ outcome: "failed", error: new BusyError("busy") });
  const { calls, next } = script();
  await askToGoOn([keep], call, next, settings);
  expect(calls[0]?.round).toBe(7);
});

test("all of them have the time of a first token, each leaves the later ones their share, and none outlasts the call", async () => {
  const times = async (ways: readonly Continues[], more: Partial<Call> = {}, startMs = 1_000) => {
    const startedAt = clock.now();
    const { calls, next } = script(...ways.map(() => new BusyError("busy")));
    const deadlineAt = startedAt + (more.deadlineAt ?? Number.POSITIVE_INFINITY);
    await rejectionOf(askToGoOn(ways, makeCall({ clock, ...more, deadlineAt }), next, { ...settings, startMs }));
    return calls.map(({ startBy }) => startBy - startedAt);
  };
  expect(await times([keep])).toEqual([1_000]);
  expect(await times([keep, restart])).toEqual([500, 1_000]);
  expect(await times([keep, restart], { deadlineAt: 600 })).toEqual([300, 600]);
  expect(await times([keep, restart], {}, Number.POSITIVE_INFINITY)).toEqual([900_000, Number.POSITIVE_INFINITY]);
  expect(await times([keep, restart], {}, 4_000_000)).toEqual([900_000, 4_000_000]);
});

test("a failure that ends the call ends the search, unless the caller permits it", async () => {
  const refused = new ContentFilterError("refused");
  const { calls, next } = script(refused);
  expect(await rejectionOf(askToGoOn([keep, restart], makeCall({ clock }), next, settings))).toMatchObject({
    code: "content_filter",
  });
  expect(calls.length).toBe(1);
  const permitted = script(refused);
  await askToGoOn([keep, restart], makeCall({ clock }), permitted.next, {
    ...settings,
    allowElsewhere: ["content_filter"],
  });
  expect(permitted.calls.length).toBe(2);
});

test("a refusal to go on says nothing about a new start; any other bad request does", async () => {
  const error = new InvalidRequestError("no prefix");
  const call = makeCall({ clock });
  const { calls, next } = script(error);
  expect(await rejectionOf(askToGoOn([keep, restart], call, next, settings))).toMatchObject({
    code: "invalid_request",
  });
  call.log.refuse("a", error);
  await askToGoOn([keep, restart], call, script(error).next, settings);
  expect(calls.length).toBe(1);
  expect(await rejectionOf(askToGoOn([keep], call, script(error).next, settings))).toMatchObject({
    code: "stream_interrupted",
    message: "no prefix The answer had broken off after 3 characters, and nobody went on with it.",
    retryable: true,
    cause: error,
  });
});

test("a time limit of a way ends only that; the call's own ends the search", async () => {
  const late = new TimeoutError("late", { phase: "start" });
  const { calls, next } = script(late);
  await askToGoOn([keep, restart], makeCall({ clock }), next, settings);
  expect(calls.length).toBe(2);
  const over = script(late);
  const call = makeCall({ clock, deadlineAt: clock.now() + 50 });
  expect(await rejectionOf(askToGoOn([keep, restart], call, over.next, settings))).toMatchObject({ code: "timeout" });
  expect(over.calls.length).toBe(1);
});

test("an abort comes back with its own reason, and a mistake in the code below as it is", async () => {
  const controller = new AbortController();
  controller.abort("enough");
  const { calls, next } = script("enough");
  expect(
    await rejectionOf(askToGoOn([keep, restart], makeCall({ clock, signal: controller.signal }), next, settings)),
  ).toBe("enough");
  const closed = new AbortController();
  const reason = new ClientClosedError("closed");
  closed.abort(reason);
  const unasked = script(reason);
  const stopped = makeCall({ clock, signal: closed.signal });
  expect(await rejectionOf(askToGoOn([keep, restart], stopped, unasked.next, settings))).toBe(reason);
  const later = new AbortController();
  let asked = 0;
  const close = async () => {
    asked += 1;
    later.abort(reason);
    throw reason;
  };
  const running = makeCall({ clock, signal: later.signal });
  expect(await rejectionOf(askToGoOn([keep, restart], running, close, settings))).toBe(reason);
  expect(asked).toBe(1);
  const mistake = new TypeError("a bug");
  const other = script(mistake);
  expect(await rejectionOf(askToGoOn([keep, restart], makeCall({ clock }), other.next, settings))).toBe(mistake);
  expect([calls.length, unasked.calls.length, other.calls.length]).toEqual([0, 0, 1]);
});

test("the last failure says where the answer had broken off, where text was delivered", async () => {
  const fail = (ways: readonly Continues[]) =>
    rejectionOf(askToGoOn(ways, makeCall({ clock }), script(new BusyError("1."), new BusyError("2.")).next, settings));
  expect(await fail([keep, restart])).toMatchObject({
    code: "busy",
    message: "2. The answer had broken off after 3 characters, and nobody went on with it.",
  });
  expect(await fail([{ ...keep, content: "" }, restart])).toMatchObject({ message: "2." });
});

test("text of another run is no part of what had arrived, but a refusal stays", async () => {
  const partial = { content: "Bye", reasoning_content: "Hm", refusal: "No." };
  const error = new BusyError("busy", { partial, provider: "a" });
  expect(withoutText(error)).toMatchObject({
    provider: "a",
    partial: { content: "", reasoning_content: "", refusal: "No." },
  });
  expect(error.partial).toBe(partial);
  expect(withoutText(new BusyError("busy", { partial: { content: "a", reasoning_content: "" } })).partial).toEqual({
    content: "",
    reasoning_content: "",
  });
  const plain = new BusyError("busy");
  expect(withoutText(plain)).toBe(plain);
  for (const content of ["", "Hel"]) {
    const { next } = script(error);
    expect(await rejectionOf(askToGoOn([{ ...keep, content }], makeCall({ clock }), next, settings))).toMatchObject({
      partial: { content: "", reasoning_content: "", refusal: "No." },
    });
  }
});
