import { expect, test } from "vitest";
import { type Call, compose, type Policy } from "../../src/call.ts";
import { makeCall, makeReply } from "../support/scripted.ts";

test("compose puts the first policy outermost, and hands each change of the call down", async () => {
  const order: string[] = [];
  const named =
    (name: string): Policy =>
    async (call, next) => {
      order.push(`${name} in ${call.round}`);
      const reply = await next({ ...call, round: call.round + 1 });
      order.push(`${name} out`);
      return reply;
    };
  const reply = makeReply([]);
  const seen: Call[] = [];
  const send = compose([named("a"), named("b")], async (call) => {
    seen.push(call);
    return reply;
  });
  const call = makeCall();
  expect(await send(call)).toBe(reply);
  expect(order).toEqual(["a in 0", "b in 1", "b out", "a out"]);
  expect(seen[0]?.round).toBe(2);
  expect(call.round).toBe(0);
});

test("no policies leave the send as it is", () => {
  const send = async () => makeReply([]);
  expect(compose([], send)).toBe(send);
});
