import http from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { forwardAbort } from "../../../src/async/abort.ts";
import { createResilientClient } from "../../../src/index.ts";
import { createSimulator, createVirtualClock } from "../../../src/testing/index.ts";
import { cleanUp, leaves, leftBehind } from "../../support/leaks.ts";
import { makeState } from "../../support/states.ts";

/** What is noticed at once, by kind; the test puts it right afterwards, for this file is looked at too. */
const noticed = async () => (await leftBehind({ graceMs: 50 })).map(({ leak }) => leak);

test("a test that leaves nothing has nothing to answer for", async () => {
  const clock = createVirtualClock();
  const client = createResilientClient({ apiKey: "sk-x", clock, fetch: createSimulator({ clock }).fetch });
  const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }] } as const;
  await clock.run(client.chat.completions.create(params, { signal: new AbortController().signal }));
  expect(await noticed()).toEqual([]);
});

test("a timer is noticed", async () => {
  // Several: one of vitest's own may have been open when the test began, and be gone now, which hides one of ours.
  const timers = Array.from({ length: 5 }, () => setTimeout(() => {}, 60_000));
  expect(await noticed()).toEqual(["timer"]);
  for (const timer of timers) clearTimeout(timer);
});

test("a server that listens, and a socket that is open, are noticed", async () => {
  const server = http.createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  expect(await noticed()).toEqual(["resource"]);
  const { port } = server.address() as AddressInfo;
  const request = http.get(`http://127.0.0.1:${port}`).on("error", () => {});
  await new Promise((resolve) => server.once("connection", resolve));
  const what = (await leftBehind({ graceMs: 50 })).map((left) => left.what);
  expect(what.sort()).toEqual(["TCPServerWrap", "TCPSocketWrap"]);
  request.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test("an abort listener is noticed, with its place, until it is removed or its signal aborts", async () => {
  const [lasting, aborted] = [new AbortController(), new AbortController()];
  const end = forwardAbort(lasting.signal, new AbortController());
  forwardAbort(aborted.signal, new AbortController());
  expect(await noticed()).toEqual(["listener", "listener"]);
  aborted.abort();
  const left = await leftBehind({ graceMs: 50 });
  expect(left).toEqual([{ leak: "listener", what: expect.stringMatching(/src\/async\/abort\.ts/) }]);
  end();
  expect(await noticed()).toEqual([]);
});

test("a timer of a virtual clock is noticed when it is not due within a moment", async () => {
  const clock = createVirtualClock();
  clock.after(1_000, () => {});
  const cancel = clock.after(60_000, () => {});
  expect(await leftBehind({ graceMs: 50 })).toEqual([{ leak: "virtual timer", what: "1 on one clock" }]);
  cancel();
});

test("a provider slot is noticed, of a client's too", async () => {
  const { end } = makeState("p", createVirtualClock()).begin("m");
  expect(await leftBehind({ graceMs: 50 })).toEqual([{ leak: "slot", what: "1 of p" }]);
  end({ outcome: "succeeded" });
  const clock = createVirtualClock();
  const { fetch } = createSimulator({ clock, script: ["stall"] });
  const client = createResilientClient({ apiKey: "sk-x", clock, fetch });
  const params = { model: "deepseek-flash", messages: [{ role: "user", content: "hi" }], stream: true } as const;
  const stream = await clock.run(client.chat.completions.create(params));
  expect(await leftBehind({ graceMs: 50 })).toContainEqual({ leak: "slot", what: "1 of deepseek" });
  stream.abort();
});

test("an unhandled rejection is noticed", async () => {
  // Vitest's own listener would fail the run.
  const listeners = process.listeners("unhandledRejection").filter(({ name }) => name !== "onRejection");
  for (const listener of listeners) process.off("unhandledRejection", listener);
  cleanUp(() => {
    for (const listener of listeners) process.on("unhandledRejection", listener);
  });
  void Promise.reject(new Error("nobody's"));
  expect(await leftBehind()).toEqual([{ leak: "rejection", what: "Error: nobody's" }]);
  leaves("rejection", "it cannot be taken back");
});
