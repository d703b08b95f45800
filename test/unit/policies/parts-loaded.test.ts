import { expect, test } from "vitest";
import { defer } from "../../../src/async/deferred.ts";
import { ConnectionError } from "../../../src/error-family.ts";
import { partsLoaded } from "../../../src/policies/parts-loaded.ts";
import { isPending, rejectionOf } from "../../support/abort-reasons.ts";
import { makeCall, makeReply } from "../../support/scripted.ts";

test("a call goes on when all its parts are there", async () => {
  const reply = makeReply([]);
  const part = defer<void>();
  const going = partsLoaded([() => part.promise, () => "there"])(makeCall(), async () => reply);
  expect(await isPending(going)).toBe(true);
  part.resolve();
  expect(await going).toBe(reply);
});

test("nothing is sent by a call whose part cannot be had, or that is aborted meanwhile", async () => {
  const sent: unknown[] = [];
  const send = async () => {
    sent.push("sent");
    return makeReply([]);
  };
  const lost = new ConnectionError("A part could not be loaded.");
  expect(await rejectionOf(partsLoaded([() => Promise.reject(lost)])(makeCall(), send))).toBe(lost);
  const controller = new AbortController();
  const waiting = partsLoaded([() => new Promise(() => {})])(makeCall({ signal: controller.signal }), send);
  controller.abort("enough");
  expect(await rejectionOf(waiting)).toBe("enough");
  expect(sent).toEqual([]);
});
