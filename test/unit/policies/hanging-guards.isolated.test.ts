import { expect, test, vi } from "vitest";
import { createResilientClient, custom } from "../../../src/index.ts";
import { isPending, rejectionOf } from "../../support/abort-reasons.ts";

// A page whose network is gone may wait for a part of the package for ever.
vi.mock("../../../src/policies/guard-answer.ts", () => new Promise(() => {}));

test("a call can be aborted while its guards are loaded, and has asked nobody yet; one without guards needs no part", async () => {
  const asked: string[] = [];
  const providers = [custom({ name: "any", send: () => `answer ${asked.push("any")}` })];
  const client = createResilientClient({ providers, guards: { repetition: true } });
  const params = { model: "deepseek-flash", messages: [{ role: "user" as const, content: "hi" }] };
  const controller = new AbortController();
  const aborted = rejectionOf(client.chat.completions.create(params, { signal: controller.signal }));
  expect(await isPending(aborted)).toBe(true);
  expect(asked).toEqual([]);
  controller.abort("enough");
  expect(await aborted).toBe("enough");
  const { choices } = await client.chat.completions.create(params, { guards: false });
  expect(choices[0]?.message.content).toBe("answer 1");
});
