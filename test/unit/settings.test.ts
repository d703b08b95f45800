import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { CallOptions } from "../../src/client-options.ts";
import type { ClientEvent } from "../../src/events.ts";
import { createResilientClient, custom } from "../../src/index.ts";
import { PROFILES, resolveSettings } from "../../src/settings.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

const never = Number.POSITIVE_INFINITY;
const reset: ClientEvent = { callId: "call_1", at: 1, type: "reset" };

afterEach(() => {
  vi.restoreAllMocks();
});

/** The waits between rounds, without jitter at the lower or upper end of the random source. */
function waitsOf({ retry }: ReturnType<typeof resolveSettings>, random: number): number[] {
  return [1, 2, 3, 4, 6, 50].map((round) => retry.backoff({ round, previousMs: 0, random: () => random }));
}

test("without options the interactive profile applies", () => {
  const settings = resolveSettings();
  expect(settings).toEqual({
    timeouts: {
      startMs: 120_000,
      totalMs: never,
      headersMs: 30_000,
      queueMs: 615_000,
      wireMs: 45_000,
      contentMs: 180_000,
      finishMs: 5_000,
    },
    givenTimeouts: {},
    retry: { maxRounds: never, backoff: expect.any(Function) },
    resume: { maxResumes: 5, onUnresumable: "fail", bestEffort: false, continueOnLength: 0 },
    priority: 0,
    hedge: { queuedAfterMs: 60_000, afterMs: false },
    startWithin: undefined,
    wire: "stream",
    toolCalls: "whole",
    allowEmpty: undefined,
    forcedToolChoice: "refuse",
    allowElsewhere: [],
    headers: {},
    providers: undefined,
    onEvent: undefined,
  });
  expect(resolveSettings({}, { profile: undefined })).toEqual(settings);
  expect(waitsOf(settings, 1)).toEqual([500, 1_000, 2_000, 4_000, 10_000, 10_000]);
  expect(waitsOf(settings, 0)).toEqual([0, 0, 0, 0, 0, 0]);
});

test("patient waits 15 minutes for the first token, and 5, 10, then 30 seconds between rounds", () => {
  const settings = resolveSettings({ profile: "patient" });
  const { timeouts } = resolveSettings();
  expect(settings.timeouts).toEqual({ ...timeouts, startMs: 900_000 });
  expect(waitsOf(settings, 0)).toEqual([5_000, 10_000, 30_000, 30_000, 30_000, 30_000]);
});

test("batch is patient without a limit", () => {
  const patient = resolveSettings({ profile: "patient" });
  const settings = resolveSettings({ profile: "batch" });
  expect(settings).toEqual({ ...patient, timeouts: { ...patient.timeouts, startMs: never }, priority: -10 });
  expect(Object.keys(PROFILES)).toEqual(["interactive", "patient", "batch"]);
});

test("groups are merged key by key, later layers over earlier ones, and the profile fills in the rest", () => {
  const backoff = () => 7;
  const settings = resolveSettings(
    { timeouts: { startMs: 1, wireMs: 2 }, retry: { maxRounds: 3 }, resume: { maxResumes: 4 } },
    { timeouts: { startMs: 10, totalMs: 20 }, retry: { backoff } },
  );
  expect(settings.timeouts).toEqual({ ...PROFILES.interactive.timeouts, startMs: 10, wireMs: 2, totalMs: 20 });
  expect(settings.givenTimeouts).toEqual({ startMs: 10, wireMs: 2, totalMs: 20 });
  expect(settings.retry).toEqual({ maxRounds: 3, backoff });
  expect(settings.resume.maxResumes).toBe(4);
});

test("a profile chosen later replaces the defaults, not what was given on purpose", () => {
  const settings = resolveSettings({ timeouts: { wireMs: 5 }, retry: { maxRounds: 2 } }, { profile: "batch" });
  expect(settings.timeouts).toEqual({ ...PROFILES.batch.timeouts, wireMs: 5 });
  expect(settings.retry.maxRounds).toBe(2);
  expect(settings.retry.backoff).toBe(PROFILES.batch.retry.backoff);
  expect(resolveSettings({ profile: "batch" }, { profile: "interactive" }).timeouts.startMs).toBe(120_000);
});

test("false switches a group off, and a later group switches it on again with nothing of the earlier one", () => {
  const off = resolveSettings({ retry: { maxRounds: 3 }, resume: { maxResumes: 2 } }, { retry: false, resume: false });
  expect(off.retry.maxRounds).toBe(1);
  expect(off.resume.maxResumes).toBe(0);
  const on = resolveSettings({ retry: { maxRounds: 3 } }, { retry: false, resume: false }, { retry: {}, resume: {} });
  expect(on.retry.maxRounds).toBe(never);
  expect(on.resume.maxResumes).toBe(5);
});

test("zero, false and an empty list are values, not gaps for a default", () => {
  const over = { resume: { maxResumes: 0 }, allowEmpty: false, allowElsewhere: [] } as const;
  const settings = resolveSettings({ allowEmpty: true, allowElsewhere: ["content_filter"] }, over);
  expect(settings.resume.maxResumes).toBe(0);
  expect(settings.allowEmpty).toBe(false);
  expect(settings.allowElsewhere).toEqual([]);
});

const scalars = fc.record(
  {
    profile: fc.constantFrom("interactive" as const, "patient" as const, "batch" as const, undefined),
    wire: fc.constantFrom("stream" as const, "json" as const, undefined),
    toolCalls: fc.constantFrom("whole" as const, "live" as const, undefined),
    allowEmpty: fc.option(fc.boolean(), { nil: undefined }),
    providers: fc.constantFrom(["a"], ["b", "a"], undefined),
    timeouts: fc.record(
      { startMs: fc.option(fc.nat(), { nil: undefined }), wireMs: fc.option(fc.nat(), { nil: undefined }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test("undefined changes nothing, wherever it stands", () => {
  fc.assert(
    fc.property(scalars, scalars, (under, over) => {
      const given = (options: object): object =>
        Object.fromEntries(
          Object.entries(options)
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => [key, key === "timeouts" ? given(value as object) : value]),
        );
      expect(resolveSettings(under, over)).toEqual(resolveSettings(given(under), given(over)));
    }),
  );
});

test("the last layer that says something wins, and no layer is changed", () => {
  fc.assert(
    fc.property(fc.array(scalars, { minLength: 1, maxLength: 4 }), (layers) => {
      const before = structuredClone(layers);
      const settings = resolveSettings(...layers);
      const last = <T>(pick: (options: CallOptions) => T) => layers.map(pick).findLast((value) => value !== undefined);
      const row = PROFILES[last(({ profile }) => profile) ?? "interactive"];
      expect(settings.wire).toBe(last(({ wire }) => wire) ?? "stream");
      expect(settings.toolCalls).toBe(last(({ toolCalls }) => toolCalls) ?? "whole");
      expect(settings.allowEmpty).toBe(last(({ allowEmpty }) => allowEmpty));
      expect(settings.providers).toBe(last(({ providers }) => providers));
      expect(settings.timeouts.startMs).toBe(last(({ timeouts }) => timeouts?.startMs) ?? row.timeouts.startMs);
      expect(settings.timeouts.wireMs).toBe(last(({ timeouts }) => timeouts?.wireMs) ?? row.timeouts.wireMs);
      expect(layers).toEqual(before);
    }),
  );
});

test("headers of all layers are sent; the later one wins", () => {
  const { headers } = resolveSettings({ headers: { "x-a": "1", "x-b": "1" } }, { headers: { "x-b": "2" } });
  expect(headers).toEqual({ "x-a": "1", "x-b": "2" });
});

test("the later header wins, however its name is written", () => {
  const { headers } = resolveSettings({ headers: { "X-Team": "client" } }, { headers: { "x-team": "call" } });
  expect([...new Headers(headers)]).toEqual([["x-team", "call"]]);
});

test("every layer's listener is told, in order", () => {
  const told: string[] = [];
  const { onEvent } = resolveSettings(
    { onEvent: () => told.push("client") },
    { onEvent: () => told.push("copy") },
    { onEvent: () => told.push("call") },
  );
  onEvent?.(reset);
  onEvent?.(reset);
  expect(told).toEqual(["client", "copy", "call", "client", "copy", "call"]);
});

test("a client's listener that throws is warned about once, however many calls with options are made", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const clock = createVirtualClock();
  const client = createResilientClient({
    clock,
    providers: [custom({ name: "echo", send: () => "hello" })],
    onEvent: () => {
      throw new Error("broken");
    },
  });
  const params = { model: "m", messages: [{ role: "user", content: "hi" }] } as const;
  await clock.run(client.chat.completions.create(params, { profile: "batch" }));
  await clock.run(client.chat.completions.create(params, { profile: "patient" }));
  expect(warn).toHaveBeenCalledTimes(1);
});
