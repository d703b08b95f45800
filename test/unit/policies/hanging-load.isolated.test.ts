import { expect, test, vi } from "vitest";
import { StreamInterruptedError } from "../../../src/error-family.ts";
import { createResilientClient, custom } from "../../../src/index.ts";
import { isPending, rejectionOf } from "../../support/abort-reasons.ts";
import { makeChunk } from "../../support/wire-response.ts";

// A page whose network is gone may wait for a part of the package for ever.
vi.mock("../../../src/policies/resuming-reply.ts", () => new Promise(() => {}));

const params = { model: "deepseek-flash", messages: [{ role: "user" as const, content: "hi" }] };

test.each([
  ["when an answer broke off", {}],
  ["before one that may go on at its end", { continueOnLength: 1 }],
])("a call can be aborted, and its client closed, while what goes on with answers is loaded: %s", async (_, resume) => {
  const half = custom({
    name: "half",
    async *send() {
      yield makeChunk({ content: "half" });
      throw new StreamInterruptedError("cut");
    },
  });
  const client = createResilientClient({ providers: [half], resume });
  const controller = new AbortController();
  const aborted = rejectionOf(client.chat.completions.create(params, { signal: controller.signal }));
  const closed = rejectionOf(client.chat.completions.create(params));
  expect(await isPending(Promise.race([aborted, closed]))).toBe(true);
  controller.abort("enough");
  expect(await aborted).toBe("enough");
  await client.close();
  expect(await closed).toMatchObject({ code: "client_closed" });
});
