import { expect, test } from "vitest";

test("the main entry exports what the documentation names, and nothing else", async () => {
  expect(Object.keys(await import("../../dist/index.js")).sort()).toEqual([
    "AllProvidersFailedError",
    "AuthenticationError",
    "BusyError",
    "ChatStream",
    "CircuitOpenError",
    "ClientClosedError",
    "ConnectionError",
    "ContentFilterError",
    "ContextLengthError",
    "CostLimitError",
    "EmptyAnswerError",
    "GuardError",
    "InsufficientBalanceError",
    "InvalidOptionsError",
    "InvalidRequestError",
    "MalformedOutputError",
    "MissingApiKeyError",
    "PermissionError",
    "QueueFullError",
    "RateLimitedError",
    "ResilientClientError",
    "SchemaError",
    "StreamInterruptedError",
    "TimeoutError",
    "ToolStepsError",
    "UnexpectedResponseError",
    "UnsupportedError",
    "createMemoryStore",
    "createResilientClient",
    "custom",
    "decorrelated",
    "deepseek",
    "deepseekOffPeak",
    "describeEvent",
    "exponential",
    "lmStudio",
    "ollama",
    "openaiCompatible",
    "openrouter",
    "quietHours",
    "schedule",
  ]);
});

test("the testing entry exports the simulator, its clock and its random source", async () => {
  expect(Object.keys(await import("../../dist/testing.js")).sort()).toEqual([
    "createSimulator",
    "createVirtualClock",
    "seededRandom",
  ]);
});
