import { expect, test, vi } from "vitest";
import { createResilientClient } from "../../../src/index.ts";
import { rejectionOf } from "../../support/abort-reasons.ts";

// A page whose network is gone may wait for a part of the package for ever.
vi.mock("../../../src/chat/validate-request.ts", () => new Promise(() => {}));

test("a call can be aborted, and its client closed, while a part of the package is still being loaded", async () => {
  const client = createResilientClient({ apiKey: "sk-x", fetch: () => Promise.reject(new Error("nothing is sent")) });
  const params = { model: "deepseek-flash", messages: [{ role: "user" as const, content: "hi" }] };
  const controller = new AbortController();
  const aborted = rejectionOf(client.chat.completions.create(params, { signal: controller.signal }));
  const closed = rejectionOf(client.chat.completions.create(params));
  controller.abort("enough");
  expect(await aborted).toBe("enough");
  await client.close();
  expect(await closed).toMatchObject({ code: "client_closed" });
});
