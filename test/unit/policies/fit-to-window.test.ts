import { expect, test } from "vitest";
import type { ProviderCall, Send } from "../../../src/call.ts";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
import { estimatePrompt } from "../../../src/context/estimate-prompt.ts";
import { ContextLengthError } from "../../../src/error-family.ts";
import { fitToWindow } from "../../../src/policies/fit-to-window.ts";
import { createVirtualClock } from "../../../src/testing/index.ts";
import { makeAttempt } from "../../support/attempt.ts";
import { makeReply } from "../../support/scripted.ts";
import { makeState } from "../../support/states.ts";

const tools = [{ type: "function", function: { name: "look", description: "look ".repeat(2_000) } }] as const;

test.each([undefined, 1_000_000])(
  "tools are a part of what was estimated, and so no error of the estimate (window %s)",
  async (window) => {
    const clock = createVirtualClock();
    const model = makeState("a", clock).forModel("m");
    const request: ChatRequest = { model: "m", messages: [{ role: "user", content: "word ".repeat(1_000) }], tools };
    const tokens = { promptTokens: 4_540, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 };
    const reply = { ...makeReply([]), closed: Promise.resolve({ outcome: "succeeded", tokens } as const) };
    await fitToWindow(
      {},
      () => window,
      model,
      () => false,
    )(makeAttempt({ clock, request }), async () => reply);
    await reply.closed;
    expect(model.correction.factor).toBeCloseTo(1, 1);
  },
);

const talk = Array.from({ length: 20 }, (_, index) => ({
  role: index % 2 === 0 ? ("user" as const) : ("assistant" as const),
  content: `${index} ${"word ".repeat(200)}`,
}));
const tooLong = (status?: number) =>
  new ContextLengthError("too long", { maxTokens: 2_000, requestedTokens: 6_000, ...(status && { status }) });

test("a window that was found on the way is cut to at once, and asked for again", async () => {
  const clock = createVirtualClock();
  const model = makeState("a", clock).forModel("m");
  let window: number | undefined;
  const sent: ProviderCall[] = [];
  const send: Send<ProviderCall> = async (call) => {
    sent.push(call);
    if (sent.length > 1) return makeReply([]);
    window = 2_000;
    throw tooLong();
  };
  const policy = fitToWindow(
    {},
    () => window,
    model,
    () => false,
  );
  await policy(makeAttempt({ clock, request: { model: "m", messages: talk } }), send);
  expect(sent.map(({ cutsLater, kind }) => [cutsLater ?? false, kind])).toEqual([
    [true, undefined],
    [false, "repair"],
  ]);
  expect(sent.map(({ request }) => request.messages.length)).toEqual([20, 4]);
  expect(estimatePrompt(sent[1]?.request as ChatRequest)).toBeLessThan(1_500);
  // Nobody counted, so nothing was learned.
  expect([model.window, model.correction.factor]).toEqual([undefined, 1]);
  await policy(makeAttempt({ clock, request: { model: "m", messages: talk } }), send);
  expect(sent[2]?.cutsLater ?? false).toBe(false);
  expect(sent[2]?.request.messages).toEqual(sent[1]?.request.messages);
});

test("where no smaller window was found, an error nobody's server gave is passed on", async () => {
  const clock = createVirtualClock();
  const model = makeState("a", clock).forModel("m");
  const policy = fitToWindow(
    {},
    () => 1_000_000,
    model,
    () => false,
  );
  const error = tooLong();
  const call = makeAttempt({ clock, request: { model: "m", messages: talk } });
  await expect(policy(call, () => Promise.reject(error))).rejects.toBe(error);
});
