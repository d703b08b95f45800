import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllGlobals());

test("no code is made from text, which a strict content security policy would forbid and report", async () => {
  const made = vi.fn();
  vi.stubGlobal("Function", made);
  vi.resetModules();
  const fresh = await import("../../../src/chat/validate-request.ts");
  fresh.validateRequest({ model: "m", messages: [{ role: "user", content: "x" }] });
  expect(made).not.toHaveBeenCalled();
});
