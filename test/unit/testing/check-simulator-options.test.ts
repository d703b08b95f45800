import { expect, test } from "vitest";
import { InvalidOptionsError } from "../../../src/error-family.ts";
import { createSimulator, createVirtualClock, type Fault, type ScriptStep } from "../../../src/testing/index.ts";
import { thrownBy } from "../../support/abort-reasons.ts";

const made = (options: unknown) => thrownBy(() => createSimulator(options as object));

test("every option there is, is taken", () => {
  const faults: Fault[] = [
    {
      kind: "busy",
      status: 500,
      retryAfterMs: 1,
      form: "date",
      rate: 0.5,
      fromMs: 0,
      untilMs: Number.POSITIVE_INFINITY,
    },
    { kind: "rate_limited", concurrencyLimit: 3, retryAfterMs: 0, form: "ms" },
    { kind: "queue", forMs: Number.POSITIVE_INFINITY },
    { kind: "cut", afterTokens: 0, afterBytes: 1 },
    { kind: "stall", afterTokens: 1, keepAlives: true },
    { kind: "black_hole", rate: 0 },
    { kind: "outage", rate: 1 },
    { kind: "busy", status: 200 },
    { kind: "web_page", status: 200 },
    { kind: "plain_text", status: 599 },
    { kind: "authentication" },
    { kind: "insufficient_balance" },
    { kind: "permission" },
    { kind: "context_length", maxTokens: 5, requestedTokens: 6 },
    { kind: "content_filter", afterTokens: 3 },
    { kind: "invalid_request", status: 422 },
    { kind: "finish", reason: "aborted", afterTokens: 3 },
    { kind: "in_stream_error", level: "named", afterTokens: 1, afterFinish: true, status: 429, as: "text" },
    { kind: "end", afterTokens: 0, done: true },
    { kind: "empty", what: "newlines" },
    { kind: "malformed", what: "bytes" },
    { kind: "loop", what: "blanks", afterTokens: 0 },
  ];
  createSimulator({
    seed: -3,
    clock: createVirtualClock(),
    dialect: "lmStudio",
    thinkTag: "close",
    apiKey: "sk-x",
    models: ["m"],
    loaded: [],
    justInTime: false,
    window: 1,
    timing: { headersMs: 0, headMs: 0.5, tokenMs: 1, keepAliveMs: 1 },
    capacity: { slots: 1, queue: 0, concurrencyLimit: 2 },
    framing: {
      lineEnd: "\r",
      byteOrderMark: true,
      writeBytes: Number.POSITIVE_INFINITY,
      comments: true,
      dataLines: true,
      spaceAfterColon: false,
      otherFields: true,
      padBytes: 0,
      unterminated: true,
      junk: "bytes",
    },
    answerTokens: 1,
    answer: () => "hi",
    script: ["ok", "busy", { kind: "cut", afterTokens: 3 }],
    faults,
  });
});

test.each([
  [{ fault: [] }, "createSimulator: unknown option fault. Did you mean faults?"],
  [{ script: "busy" }, "script must be a list of steps, got a value of type string."],
  [{ script: ["bussy"] }, /^script\[0\] must be "ok" or "busy" or .*, got a value of type string\.$/],
  [{ script: ["ok", null] }, /^script\[1\]\.kind must be "busy" or .*, got a value of type undefined\.$/],
  [
    { script: [{ kind: "busy", rate: 1 }] },
    /^script\[0\]: unknown option script\[0\]\.rate\. Known are: kind, status, /,
  ],
  [{ faults: ["busy"] }, /^faults\[0\]\.kind must be "busy" or .*, got a value of type undefined\.$/],
  [{ faults: [{ kind: "bussy" }] }, /^faults\[0\]\.kind must be "busy" or .*, got a value of type string\.$/],
  [{ faults: [{ kind: "constructor" }] }, /^faults\[0\]\.kind must be "busy" or /],
  [{ faults: [{ type: "busy" }] }, /^faults\[0\]\.kind must be "busy" or /],
  [{ faults: [{ kind: "busy", rate: 2 }] }, "faults[0].rate must be a share from 0 to 1, got 2."],
  [{ faults: [{ kind: "busy", retryafterMs: 2 }] }, /Did you mean faults\[0\]\.retryAfterMs\?$/],
  [{ faults: [{ kind: "busy", form: "minutes" }] }, /^faults\[0\]\.form must be "ms" or "seconds" or "date"/],
  [{ faults: [{ kind: "queue", forMs: -1 }] }, "faults[0].forMs must be milliseconds from 0, or Infinity, got -1."],
  [{ faults: [{ kind: "busy", fromMs: 10, untilMs: 5 }] }, "faults[0].untilMs must be later than fromMs, got 5."],
  [{ faults: [{ kind: "busy", status: 404 }] }, "faults[0].status must be 200, or a status from 500 to 599, got 404."],
  [{ faults: [{ kind: "web_page", status: 199 }] }, "faults[0].status must be a status from 200 to 599, got 199."],
  [{ faults: [{ kind: "invalid_request", status: 404 }] }, "faults[0].status must be 400 or 422, got 404."],
  [{ faults: [{ kind: "empty", what: "void" }] }, /^faults\[0\]\.what must be "nothing" or "whitespace" or /],
  [{ faults: [{ kind: "finish", finish: "x" }] }, /unknown option faults\[0\]\.finish\./],
  [{ framing: { writeBytes: 0 } }, "framing.writeBytes must be a whole number from 1, or Infinity, got 0."],
  [{ capacity: { slots: 0 } }, "capacity.slots must be a whole number from 1, or Infinity, got 0."],
  [{ timing: { head: 5 } }, "timing: unknown option timing.head. Known are: headersMs, headMs, tokenMs, keepAliveMs."],
  [{ timing: { keepAliveMs: 0 } }, "timing.keepAliveMs must be milliseconds over 0, got 0."],
  [{ answer: "Hi" }, "answer must be a function, got a value of type string."],
  [{ models: "x" }, "models must be a list of at least one model name, got a value of type string."],
  [{ seed: 1.5 }, "seed must be a whole number, got 1.5."],
  [{ seed: Number.NaN }, "seed must be a whole number, got NaN."],
  [{ clock: {} }, "clock must be a clock with now() and after(), got a value of type object."],
])("refused, because a test with it would prove nothing: %o", (options, message) => {
  const error = made(options);
  expect(error).toBeInstanceOf(InvalidOptionsError);
  expect((error as Error).message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
});

test("what is scripted or set later is held to the same", () => {
  const simulator = createSimulator();
  expect(thrownBy(() => simulator.script("bussy" as ScriptStep))).toBeInstanceOf(InvalidOptionsError);
  expect(thrownBy(() => simulator.setFaults([{ kind: "bussy" } as unknown as Fault]))).toBeInstanceOf(
    InvalidOptionsError,
  );
});
