import { expect, test } from "vitest";
import type { Call, Continues } from "../../../src/call.ts";
import {
  BusyError,
  ContextLengthError,
  EmptyAnswerError,
  GuardError,
  InvalidRequestError,
  StreamInterruptedError,
  UnexpectedResponseError,
} from "../../../src/error-family.ts";
import type { ResilientClientError } from "../../../src/errors.ts";
import { chosen, inOrder, isAble, isHopeful, isResting } from "../../../src/policies/choose-candidates.ts";
import { fallback } from "../../../src/policies/fallback.ts";
import { candidate, clock, fails, nothing } from "../../support/candidates.ts";
import { makeCall } from "../../support/scripted.ts";

const keep: Continues = { content: "Hel", reasoning: "", spentTokens: 1, ways: "keep" };
const by = (name: string, way: "prefix" | "prefill" | undefined) =>
  candidate(name, { way: ({ continues }) => (continues && continues.ways !== "restart" ? way : undefined) });
const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);

function brokenOff(call: Call, provider: string, error: ResilientClientError, kind: "first" | "resume" = "first") {
  const attempt = call.log.begin({ kind, provider, model: "m", round: 0 });
  attempt.head();
  attempt.end({ outcome: "failed", error });
}

test("whoever goes on by promise comes first, also the one that broke off; a best effort is worth no more than a new start", () => {
  const list = [by("anew", undefined), by("effort", "prefill"), by("promise", "prefix"), by("other", "prefix")];
  const call = makeCall({ clock, continues: { ...keep, ways: "any" } });
  expect(namesOf(inOrder(list, call))).toEqual(["promise", "other", "anew", "effort"]);
  brokenOff(call, "promise", new StreamInterruptedError("cut"));
  brokenOff(call, "anew", new StreamInterruptedError("cut"));
  expect(namesOf(inOrder(list, call))).toEqual(["other", "promise", "effort", "anew"]);
  expect(namesOf(inOrder(list, makeCall({ clock })))).toEqual(namesOf(list));
});

test("where the answer must be kept, only who can go on with it is able; where not, everybody is", () => {
  const call = makeCall({ clock, continues: keep });
  const list = [by("anew", undefined), by("effort", "prefill"), by("promise", "prefix")];
  expect(namesOf(list.filter((one) => isAble(one, call)))).toEqual(["effort", "promise"]);
  for (const ways of ["any", "restart"] as const)
    expect(list.filter((one) => isAble(one, { ...call, continues: { ...keep, ways } })).length).toBe(3);
  expect(call.log.report().skipped).toEqual([]);
});

test("whose answer a guard ended comes last, even if it alone could go on, and is asked once more, not twice", () => {
  const list = [by("slow", "prefix"), by("anew", undefined), by("promise", "prefix")];
  const call = makeCall({ clock, continues: { ...keep, ways: "any" } });
  const slow = new GuardError("slow", { guard: "throughput" });
  brokenOff(call, "slow", slow);
  expect(namesOf(inOrder(list, call))).toEqual(["promise", "anew", "slow"]);
  expect(list.every((one) => isHopeful(one, call))).toBe(true);
  brokenOff(call, "slow", slow, "resume");
  expect(namesOf(list.filter((one) => isHopeful(one, call)))).toEqual(["anew", "promise"]);
});

test("only the providers the caller named are asked, in that order", () => {
  const list = [candidate("a"), candidate("b"), candidate("c")];
  expect(namesOf(chosen(list, makeCall({ providers: ["c", "a"] })))).toEqual(["c", "a"]);
  expect(chosen(list, makeCall())).toBe(list);
});

test("a refusal to go on is no reason against a new start, and says nothing of its window", () => {
  const error = new ContextLengthError("too long", { requestedTokens: 9_000 });
  const call = makeCall({ clock });
  const [a, small] = [candidate("a"), candidate("small", { window: () => 8_000 })];
  brokenOff(call, "a", error);
  expect([isHopeful(a, call), isHopeful(small, call)]).toEqual([false, false]);
  call.log.refuse("a", error);
  expect([isHopeful(a, call), isHopeful(small, call)]).toEqual([true, true]);
});

test("what nobody understood may come again in a long answer, as long as that goes on behind it; what was empty may not", () => {
  for (const [error, expected] of [
    [new UnexpectedResponseError("odd"), true],
    [new EmptyAnswerError("empty", { kind: "nothing" }), false],
  ] as const) {
    const call = makeCall({ clock });
    for (let times = 0; times < 3; times += 1) {
      brokenOff(call, "a", error);
      brokenOff(call, "b", new BusyError("busy"));
      call.log.begin({ kind: "resume", provider: "c", model: "m", round: 0 }).head();
      call.log.seam({ atChar: 1, from: "a", to: "c", how: "prefix" });
    }
    expect(isHopeful(candidate("a"), call)).toBe(expected);
  }
  const odd = new UnexpectedResponseError("odd");
  const [wasted, refused] = [makeCall({ clock }), makeCall({ clock })];
  for (let times = 0; times < 2; times += 1) {
    brokenOff(wasted, "a", odd);
    refused.log.begin({ kind: "first", provider: "a", model: "m", round: 0 }).end({ outcome: "failed", error: odd });
  }
  expect([isHopeful(candidate("a"), wasted), isHopeful(candidate("a"), refused)]).toEqual([false, false]);
});

test("whoever broke off twice without being busy rests, unless it goes on: that got further each time", () => {
  const call = makeCall({ clock, kind: "resume", continues: keep });
  brokenOff(call, "a", new StreamInterruptedError("cut"));
  brokenOff(call, "a", new StreamInterruptedError("cut"), "resume");
  expect(isResting(by("a", undefined), call)).toBe(true);
  expect(isResting(by("a", "prefix"), call)).toBe(false);
  expect(isResting(by("a", undefined), { ...call, kind: undefined })).toBe(false);
});

test.each(["invalid_request", "context_length"] as const)(
  "who refuses to go on (%s) is asked anew at once, where a new start would do",
  async (code) => {
    const error = code === "invalid_request" ? new InvalidRequestError("no") : new ContextLengthError("too long");
    const call = makeCall({ clock, continues: { ...keep, ways: "any" } });
    const a = candidate("a", {
      errors: [error],
      way: ({ log }) => (log.refusals.has("a") ? undefined : "prefix"),
    });
    const reply = await fallback([a], nothing)(call);
    expect(reply.take()?.choices[0]?.delta.content).toBe("a");
    expect(a.asked.length).toBe(2);
    expect(call.log.refusals.get("a")).toBe(error);
  },
);

test("where the answer must be kept, who refuses is passed over, and when all do, no other round is worthwhile", async () => {
  const error = new InvalidRequestError("no prefix");
  const make = (name: string) =>
    candidate(name, { errors: [error], way: ({ log }) => (log.refusals.has(name) ? undefined : "prefix") });
  const [a, b] = [make("a"), by("b", "prefix")];
  const call = makeCall({ clock, continues: keep });
  expect((await fallback([a, b], nothing)(call)).take()?.choices[0]?.delta.content).toBe("b");
  const alone = make("a");
  expect(await fails([alone], makeCall({ clock, continues: keep }))).toMatchObject({ again: false, failure: error });
  expect(alone.asked.length).toBe(1);
});

test("any other failure of who goes on is that of any provider", async () => {
  const a = candidate("a", { errors: [new BusyError("busy")], way: () => "prefix" });
  const call = makeCall({ clock, continues: keep });
  expect(await fails([a], call)).toMatchObject({ again: true, failure: { code: "busy" } });
  expect(call.log.refusals.size).toBe(0);
});
