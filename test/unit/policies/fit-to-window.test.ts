import { expect, test } from "vitest";
import type { ChatRequest } from "../../../src/chat/chat-request.ts";
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
