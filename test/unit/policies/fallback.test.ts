import { expect, test } from "vitest";
import {
  AuthenticationError,
  BusyError,
  ContentFilterError,
  ContextLengthError,
  EmptyAnswerError,
  InvalidRequestError,
  RateLimitedError,
  TimeoutError,
} from "../../../src/error-family.ts";
import { fallback } from "../../../src/policies/fallback.ts";
import { recordAttempt } from "../../../src/policies/record-attempt.ts";
import type { RoundFailed } from "../../../src/policies/round-failed.ts";
import { candidate, clock, fails, nothing } from "../../support/candidates.ts";
import { makeCall } from "../../support/scripted.ts";

import { makeState } from "../../support/states.ts";

test("the first provider that begins to answer wins, and failing over takes no time", async () => {
  const call = makeCall({ clock });
  const startedAt = clock.now();
  const [first, second, third] = [candidate("a", { errors: [new BusyError("busy")] }), candidate("b"), candidate("c")];
  const reply = await fallback([first, second, third], nothing)(call);
  expect(reply.take()?.choices[0]?.delta.content).toBe("b");
  expect(clock.now()).toBe(startedAt);
  expect(third.asked).toEqual([]);
  expect(call.log.report().attempts).toMatchObject([
    { index: 0, kind: "first", provider: "a", model: "a-model", outcome: "failed", error: { code: "busy" } },
    { index: 1, kind: "fallback", provider: "b", model: "b-model", outcome: "pending" },
  ]);
});

test("with one provider, its own error is the round's failure; with more, all of them are named", async () => {
  const alone = await fails([candidate("a", { errors: [new BusyError("busy")] })]);
  expect(alone).toMatchObject({ again: true, failure: { code: "busy", message: "busy" } });
  const both = await fails([
    candidate("a", { errors: [new BusyError("busy", { status: 503 })] }),
    candidate("b", { errors: [new AuthenticationError("key", { status: 401 })] }),
  ]);
  expect(both).toMatchObject({
    again: true,
    failure: {
      code: "all_providers_failed",
      message: "All 2 providers failed: a: busy (503), b: authentication (401). First to mend: key",
    },
  });
  expect((both as RoundFailed).failure).toMatchObject({ errors: [{ code: "busy" }, { code: "authentication" }] });
});

test("a provider whose failure cannot pass by itself is not asked again in this call", async () => {
  const call = makeCall({ clock });
  const [a, b] = [
    candidate("a", { errors: [new AuthenticationError("key")] }),
    candidate("b", { errors: [new BusyError("busy")] }),
  ];
  await fails([a, b], call);
  await fallback([a, b], nothing)({ ...call, round: 1 });
  expect([a.asked.length, b.asked.length]).toEqual([1, 2]);
  expect(call.log.report().attempts[2]).toMatchObject({ kind: "retry", provider: "b", round: 1 });
});

test("when no provider is worth another round, the failure says so", async () => {
  expect(await fails([candidate("a", { errors: [new AuthenticationError("key")] })])).toMatchObject({ again: false });
});

test("an empty answer is worth one more try at the same provider, not two", async () => {
  const call = makeCall({ clock });
  const empty = new EmptyAnswerError("empty");
  const a = candidate("a", { errors: [empty, empty, empty] });
  expect(await fails([a], call)).toMatchObject({ again: true });
  expect(await fails([a], { ...call, round: 1 })).toMatchObject({ again: false, failure: { code: "empty_answer" } });
  expect(await fails([a], { ...call, round: 2 })).toMatchObject({ again: false, failure: { code: "empty_answer" } });
  expect(a.asked.length).toBe(2);
});

test.each([
  [new ContentFilterError("refused"), "content_filter"],
  [new InvalidRequestError("bad"), "invalid_request"],
])("what another provider would repeat ends the call: %s (%s)", async (error, _code) => {
  const second = candidate("b");
  expect(await fails([candidate("a", { errors: [error] }), second])).toBe(error);
  expect(second.asked).toEqual([]);
});

test("a time limit ends the call when it is the call's own, not when it is a provider's", async () => {
  const late = new TimeoutError("late", { phase: "start", retryable: false });
  const slow = candidate("a", { errors: [late] });
  await fallback([slow, candidate("b")], nothing)(makeCall({ clock, startBy: clock.now() + 1 }));
  const startBy = clock.now() + 50;
  const overdue = candidate("a", {
    async send() {
      await clock.advance(50);
      throw late;
    },
  });
  expect(await fails([overdue, candidate("b")], makeCall({ clock, startBy }))).toBe(late);
});

test("failures that cannot pass make a failure that cannot pass", async () => {
  const wrongKey = () => ({ errors: [new AuthenticationError("key")] });
  expect(await fails([candidate("a", wrongKey()), candidate("b", wrongKey())])).toMatchObject({
    again: false,
    failure: { code: "all_providers_failed", retryable: false },
  });
});

test("an unknown model, and a refusal where the caller allows it, are tried elsewhere", async () => {
  const noModel = new InvalidRequestError("no such model", { unknownModel: true });
  const answers = await fallback([candidate("a", { errors: [noModel] }), candidate("b")], nothing)(makeCall({ clock }));
  expect(answers.take()?.choices[0]?.delta.content).toBe("b");
  const refused = candidate("a", { errors: [new ContentFilterError("refused")] });
  await fallback([refused, candidate("b")], { allowElsewhere: ["content_filter"] })(makeCall({ clock }));
});

test("a context that was too long is tried only where the window is larger or unknown", async () => {
  const call = makeCall({ clock });
  const tooLong = new ContextLengthError("too long", { maxTokens: 1_000, requestedTokens: 5_000 });
  const [a, small, large] = [
    candidate("a", { errors: [tooLong] }),
    candidate("small", { window: () => 4_999 }),
    candidate("large", { window: () => 5_000 }),
  ];
  await fallback([a, small, large], nothing)(call);
  expect([small.asked.length, large.asked.length]).toEqual([0, 1]);
  expect(call.log.report().skipped).toEqual([{ provider: "small", reason: "window" }]);
  const alone = makeCall({ clock });
  expect(await fails([candidate("a", { errors: [tooLong] }), small], alone)).toMatchObject({ again: false });
});

test("a provider that asked to be left alone is passed over until then, by every call", async () => {
  const asked = candidate("a", { errors: [new RateLimitedError("slow down", { retryAt: clock.now() + 5_000 })] });
  const other = candidate("b");
  await fallback([asked, other], nothing)(makeCall({ clock }));
  const second = makeCall({ clock });
  await fallback([asked, other], nothing)(second);
  expect([asked.asked.length, other.asked.length]).toEqual([1, 2]);
  expect(second.log.report().skipped).toEqual([{ provider: "a", reason: "not_before" }]);
  const third = makeCall({ clock });
  expect(await fails([asked], third)).toMatchObject({
    again: true,
    readyAt: clock.now() + 5_000,
    failure: { code: "rate_limited", retryAt: clock.now() + 5_000 },
  });
  await clock.advance(5_000);
  await fallback([asked, other], nothing)(makeCall({ clock }));
  expect(asked.asked.length).toBe(2);
});

test("a provider for later rounds is asked from its round on, and at once when nobody else is left", async () => {
  const call = makeCall({ clock });
  const a = candidate("a", { errors: [new BusyError("busy"), new BusyError("busy"), new BusyError("busy")] });
  const late = candidate("late", { afterRounds: 2 });
  expect(await fails([a, late], call)).toMatchObject({ again: true });
  expect(await fails([a, late], { ...call, round: 1 })).toMatchObject({ again: true });
  expect(late.asked.length).toBe(0);
  await fallback([a, late], nothing)({ ...call, round: 2 });
  expect([a.asked.length, late.asked.length]).toEqual([3, 1]);
  const doomed = candidate("doomed", { errors: [new AuthenticationError("key")] });
  await fallback([doomed, late], nothing)(makeCall({ clock }));
  expect([doomed.asked.length, late.asked.length]).toEqual([1, 2]);
});

test("a provider that broke this answer off goes behind the others", async () => {
  const call = makeCall({ clock });
  const [a, b] = [candidate("a"), candidate("b")];
  const attempt = call.log.begin({ kind: "first", provider: "a", model: "a-model", round: 0 });
  attempt.head();
  attempt.end({ outcome: "failed", error: new BusyError("cut") });
  const reply = await fallback([a, b], nothing)(call);
  expect(reply.take()?.choices[0]?.delta.content).toBe("b");
  expect(a.asked.length).toBe(0);
});

test("the caller's own list decides who is asked, and in which order", async () => {
  const busy = [new BusyError("busy")];
  const [a, b, c] = [candidate("a", { errors: busy }), candidate("b"), candidate("c", { errors: busy })];
  const call = makeCall({ clock, providers: ["c", "a"] });
  expect(await fails([a, b, c], call)).toMatchObject({ again: true });
  expect(call.log.report().attempts.map(({ provider }) => provider)).toEqual(["c", "a"]);
  expect(b.asked.length).toBe(0);
});

test("a provider that cannot serve the request is skipped with the reason; when none can, the error says why", async () => {
  const call = makeCall({ clock });
  await fallback([candidate("a", { reason: "tools" }), candidate("b")], nothing)(call);
  expect(call.log.report().skipped).toEqual([{ provider: "a", reason: "tools" }]);
  expect(await fails([candidate("a", { reason: "tools" }), candidate("b", { reason: "images" })])).toMatchObject({
    again: false,
    failure: { code: "unsupported", message: "No provider can serve this request (a: tools, b: images)." },
  });
  expect(await fails([candidate("a", { reason: "no_key" })])).toMatchObject({
    again: false,
    failure: { code: "missing_api_key" },
  });
});

test("who was not asked for want of a key stands in the error of those who were", async () => {
  const keyless = [
    candidate("a", { reason: "no_key", keyVariable: "A_KEY" }),
    candidate("b", { reason: "no_key" }),
    candidate("c", { reason: "images" }),
  ];
  const note = "Not asked for want of an API key: a (A_KEY), b.";
  const busy = (name: string) => candidate(name, { errors: [new BusyError("busy.")] });
  expect(await fails([...keyless, busy("d")])).toMatchObject({
    failure: { code: "busy", message: `busy. ${note}` },
  });
  expect(await fails([...keyless, busy("d"), busy("e")])).toMatchObject({
    failure: { code: "all_providers_failed", message: `All 2 providers failed: d: busy, e: busy. ${note}` },
  });
});

test("nobody is asked when the time for the first token is over", async () => {
  const a = candidate("a");
  expect(await fails([a], makeCall({ clock, startBy: clock.now() }))).toMatchObject({
    code: "timeout",
    phase: "start",
    retryable: true,
  });
  expect(a.asked).toEqual([]);
});

test("an abort comes back with its own reason and is nobody's failure", async () => {
  const controller = new AbortController();
  const call = makeCall({ clock, signal: controller.signal });
  const state = makeState("a", clock);
  const a = candidate("a", {
    state,
    send: recordAttempt(state, undefined, async () => {
      controller.abort("enough");
      throw new BusyError("because of the abort");
    }),
  });
  expect(await fails([a, candidate("b")], call)).toBe("enough");
  expect(call.log.report().attempts).toMatchObject([{ outcome: "cancelled" }]);
  expect(a.state.health()).toMatchObject({ failed: 0, inFlight: 0 });
});

test("a mistake in the code below is not mistaken for a busy server", async () => {
  const bug = new TypeError("a mistake");
  const second = candidate("b");
  expect(await fails([candidate("a", { errors: [bug] }), second])).toBe(bug);
  expect(second.asked).toEqual([]);
});
