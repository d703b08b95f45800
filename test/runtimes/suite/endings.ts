import { ClientClosedError, type ClientEvent } from "resilient-deepseek";
import { casesOf, check, eventually, rejectionOf, same } from "./case.ts";
import { clientOf, params } from "./client.ts";
import type { World } from "./world.ts";

/** Slow enough that whoever leaves leaves in the middle. */
const SLOW = { answerTokens: 2000, timing: { tokenMs: 10 } } as const;

const hasLeft = (world: World) =>
  eventually(async () => {
    const { requests } = await world.seen();
    return requests.length > 0 && requests.every(({ outcome }) => outcome !== "open");
  }, "the server sees the socket close");

async function leftInTheMiddle(world: World): Promise<void> {
  await hasLeft(world);
  const { requests } = await world.seen();
  same(
    requests.map(({ outcome }) => outcome),
    ["left"],
    "how the request ended",
  );
}

const REASONS: readonly unknown[] = [{ mine: true }, "enough", new Error("own"), 0];

export const endingCases = casesOf({
  async "an abort before the call sends nothing, and its reason comes back"({ open }) {
    const world = await open();
    const { completions } = clientOf(world).chat;
    for (const reason of REASONS) {
      const signal = AbortSignal.abort(reason);
      check((await rejectionOf(completions.create(params, { signal }))) === reason, "the reason is the same");
      const stream = completions.stream(params, { signal });
      check((await rejectionOf(stream.finalChatCompletion())) === reason, "the reason of the stream is the same");
    }
    same((await world.seen()).requests.length, 0, "the number of requests");
  },

  async "an abort while the call waits ends the wait"({ open }) {
    const world = await open({ options: { faults: [{ kind: "busy", retryAfterMs: 60_000 }] } });
    const controller = new AbortController();
    const reason = { mine: true };
    const onEvent = ({ type }: ClientEvent) => {
      if (type === "wait") controller.abort(reason);
    };
    const call = clientOf(world, { onEvent }).chat.completions.create(params, { signal: controller.signal });
    check((await rejectionOf(call)) === reason, "the reason is the same");
    same((await world.seen()).requests.length, 1, "the number of requests");
  },

  async "an abort in the server's queue leaves the queue"({ open }) {
    const options = { script: [{ kind: "queue", forMs: 60_000 }], timing: { keepAliveMs: 20 } } as const;
    const world = await open({ options });
    const controller = new AbortController();
    const reason = new Error("own");
    const onEvent = ({ type }: ClientEvent) => {
      if (type === "attempt-queued") controller.abort(reason);
    };
    const call = clientOf(world, { onEvent }).chat.completions.create(params, { signal: controller.signal });
    check((await rejectionOf(call)) === reason, "the reason is the same");
    await leftInTheMiddle(world);
  },

  async "an abort before the headers closes the socket"({ open }) {
    const world = await open({ options: { script: ["black_hole"] } });
    const controller = new AbortController();
    const call = clientOf(world).chat.completions.create(params, { signal: controller.signal });
    const rejected = rejectionOf(call);
    await eventually(async () => (await world.seen()).requests.length === 1, "the request arrives");
    controller.abort(0);
    check((await rejected) === 0, "the reason is the same");
    await leftInTheMiddle(world);
  },

  async "an abort in the middle of a plain call closes the socket"({ open }) {
    const world = await open({ options: SLOW });
    const controller = new AbortController();
    const onEvent = ({ type }: ClientEvent) => {
      if (type === "attempt-head") controller.abort("enough");
    };
    const call = clientOf(world, { onEvent }).chat.completions.create(params, { signal: controller.signal });
    check((await rejectionOf(call)) === "enough", "the reason is the same");
    await leftInTheMiddle(world);
  },

  async "an abort in the middle of a stream closes the socket"({ open }) {
    const world = await open({ options: SLOW });
    const controller = new AbortController();
    const reason = { mine: true };
    const stream = clientOf(world).chat.completions.stream(params, { signal: controller.signal });
    const read = async () => {
      let pieces = 0;
      for await (const _ of stream.textStream()) if (++pieces === 3) controller.abort(reason);
    };
    check((await rejectionOf(read())) === reason, "the reason is the same");
    check(stream.partial.content !== "", "what was shown is kept");
    await leftInTheMiddle(world);
  },

  async "the reason of AbortSignal.timeout() comes back as it is"({ open }) {
    const world = await open({ options: SLOW });
    const signal = AbortSignal.timeout(300);
    const reason = await rejectionOf(clientOf(world).chat.completions.create(params, { signal }));
    check(reason === signal.reason, "the reason is the same");
    same((reason as Error).name, "TimeoutError", "its name");
    // On a slow machine the time may be over before anything was sent.
    await eventually(async () => {
      const { requests } = await world.seen();
      return requests.every(({ outcome }) => outcome === "left");
    }, "the server sees the socket close, if there was one");
  },

  async "leaving a loop closes the socket"({ open }) {
    const world = await open({ options: SLOW });
    const client = clientOf(world);
    for await (const _ of client.chat.completions.stream(params)) break;
    await leftInTheMiddle(world);
    same(client.health().providers[0]?.inFlight, 0, "the requests in flight");
  },

  async "stream.abort() ends the stream and closes the socket"({ open }) {
    const world = await open({ options: SLOW });
    const stream = clientOf(world).chat.completions.stream(params);
    const texts = stream.textStream();
    await texts.next();
    stream.abort();
    const drain = async () => {
      for await (const _ of texts);
    };
    same(((await rejectionOf(drain())) as Error).name, "AbortError", "the name of the reason");
    await leftInTheMiddle(world);
  },

  async "a body of toResponse() that nobody wants any more closes the socket"({ open }) {
    const world = await open({ options: SLOW });
    const reader = clientOf(world).chat.completions.stream(params).toResponse().body?.getReader();
    check((await reader?.read())?.value !== undefined, "the body begins");
    await reader?.cancel();
    await leftInTheMiddle(world);
  },

  async "close() ends what runs, and refuses what comes"({ open }) {
    const world = await open({ options: SLOW });
    const client = clientOf(world);
    const texts = client.chat.completions.stream(params).textStream();
    await texts.next();
    const drain = async () => {
      for await (const _ of texts);
    };
    const drained = rejectionOf(drain());
    await client.close();
    check(ClientClosedError.isInstance(await drained), "the stream fails with client_closed");
    check(
      ClientClosedError.isInstance(await rejectionOf(client.chat.completions.create(params))),
      "so does a new call",
    );
    await leftInTheMiddle(world);
  },
});
