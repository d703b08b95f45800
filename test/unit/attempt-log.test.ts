import { expect, test } from "vitest";
import { createCallLog } from "../../src/call-log.ts";
import type { ClientEvent } from "../../src/events.ts";
import { createVirtualClock } from "../../src/testing/index.ts";

test("an attempt that learns on its way which model it asks is told of by that one, until it is over", () => {
  const events: ClientEvent[] = [];
  const log = createCallLog("call_1", createVirtualClock(), (event) => events.push(event));
  const attempt = log.begin({ kind: "first", provider: "ollama", model: "deepseek-flash", round: 0 });
  expect(attempt.asked()).toBe("deepseek-flash");
  attempt.asks("qwen3:8b");
  expect(attempt.asked()).toBe("qwen3:8b");
  attempt.head();
  attempt.end({ outcome: "succeeded" });
  attempt.asks("late");
  expect(log.report().attempts).toMatchObject([{ model: "qwen3:8b" }]);
  const models = events.map((event) => "attempt" in event && event.attempt.model);
  expect(models).toEqual(["deepseek-flash", "qwen3:8b", "qwen3:8b"]);
});
