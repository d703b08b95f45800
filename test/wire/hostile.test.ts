import type { RequestListener, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { type CallOptions, type ClientEvent, createResilientClient } from "../../src/index.ts";
import { event, eventually, eventuallyCollected, params, SSE, startRawServer, usage } from "../support/raw-server.ts";

const KEY = "sk-wire";
const DONE = "data: [DONE]\n\n";
const opener = event({ role: "assistant", content: "The answer is" });

const streams =
  (...writes: readonly (string | Uint8Array)[]): RequestListener =>
  (_request, response) => {
    response.writeHead(200, SSE);
    response.end(Buffer.concat(writes.map((write) => Buffer.from(write as string))));
  };

/** Goes on writing the same for as long as somebody listens. */
function goOn(response: ServerResponse, text: string): void {
  const timer = setInterval(() => response.write(text), 20);
  response.on("close", () => clearInterval(timer));
}

async function clientFor(handle: RequestListener, options: CallOptions = {}) {
  const server = await startRawServer(handle);
  const client = createResilientClient({ apiKey: KEY, baseURL: server.url, retry: false, resume: false });
  return { server, client, completions: client.withOptions(options).chat.completions };
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    (value) => expect.fail(`it gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );

/** Does something so many microtasks after the first event of a type. */
function after(type: ClientEvent["type"], turns: number, act: () => void): (event: ClientEvent) => void {
  let isDone = false;
  return ({ type: happened }) => {
    if (happened !== type || isDone) return;
    isDone = true;
    const step = (left: number): void => (left === 0 ? act() : queueMicrotask(() => step(left - 1)));
    step(turns);
  };
}

test.each([0, 1, 2, 3])(
  "an abort %d turns after the last byte is an abort, or comes after a whole answer: never half of one",
  async (turns) => {
    const { completions } = await clientFor(
      streams(opener, event({ content: " 42, but tr" }, "length", { usage }), DONE),
    );
    const reason = new Error("over budget");
    for (const isStream of [false, true]) {
      const controller = new AbortController();
      const options = {
        signal: controller.signal,
        onEvent: after("attempt-end", turns, () => controller.abort(reason)),
      };
      const call = isStream
        ? completions.stream(params, options).finalChatCompletion()
        : completions.create(params, options);
      const outcome = await call.catch((error: unknown) => error);
      if (outcome === reason) continue;
      expect(outcome).toMatchObject({
        choices: [{ finish_reason: "length", message: { content: "The answer is 42, but tr" } }],
        usage,
      });
    }
  },
);

test("close in the last moment never passes a part of the answer off as the whole", async () => {
  const call = { index: 0, id: "c1", type: "function", function: { name: "now", arguments: "{}" } };
  const { client, completions } = await clientFor(
    streams(opener, event({ tool_calls: [call] }), event({}, "tool_calls", { usage }), DONE),
  );
  const onEvent = after("attempt-end", 0, () => void client.close());
  expect(await failureOf(completions.create(params, { onEvent }))).toMatchObject({ code: "client_closed" });
});

test("close at any turn after the first token resolves, and leaves nothing in flight", async () => {
  for (let turns = 0; turns < 40; turns++) {
    const { server, client, completions } = await clientFor((_request, response) => {
      response.writeHead(200, SSE);
      response.write(opener);
    });
    let closed: Promise<void> | undefined;
    const onEvent = after("attempt-head", turns, () => {
      closed = client.close();
    });
    const read = async () => {
      for await (const _ of completions.stream(params, { onEvent }));
    };
    expect(await failureOf(read())).toMatchObject({ code: "client_closed" });
    await closed;
    expect(client.health().providers).toMatchObject([{ inFlight: 0 }]);
    await eventually(() => server.open === 0, "the socket is closed");
  }
});

test("a byte order mark that arrives in pieces costs nothing of the answer", async () => {
  for (const cut of [1, 2]) {
    const mark = Uint8Array.of(0xef, 0xbb, 0xbf);
    const { completions } = await clientFor((_request, response) => {
      response.writeHead(200, SSE);
      response.write(mark.subarray(0, cut));
      setTimeout(() => {
        response.write(mark.subarray(cut));
        response.end(event({ content: "Do NOT " }) + event({ content: "press it." }) + event({}, "stop") + DONE);
      }, 20);
    });
    const { choices } = await completions.create(params);
    expect(choices[0]?.message.content).toBe("Do NOT press it.");
  }
});

test("chunks that bring nothing are no content: the answer has stalled", async () => {
  const { completions } = await clientFor(
    (_request, response) => {
      response.writeHead(200, SSE);
      response.write(opener);
      goOn(response, event({ content: "" }));
    },
    { timeouts: { contentMs: 200 } },
  );
  expect(await failureOf(completions.create(params))).toMatchObject({ code: "timeout", phase: "content" });
  const stream = completions.stream(params);
  const read = async () => {
    for await (const _ of stream);
  };
  expect(await failureOf(read())).toMatchObject({
    code: "timeout",
    phase: "content",
    partial: { content: "The answer is" },
  });
});

const wholeJson = JSON.stringify({ choices: [{ index: 0, message: { content: "done" }, finish_reason: "stop" }] });

test.each([
  ["goes on with blanks", (response: ServerResponse) => goOn(response, "\n ")],
  ["never ends", () => {}],
  ["is cut off", (response: ServerResponse) => void setTimeout(() => response.destroy(), 20)],
])("a JSON answer that is whole and then %s is an answer", async (_, then) => {
  const { completions } = await clientFor(
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write(wholeJson);
      then(response);
    },
    { wire: "json", timeouts: { finishMs: 200 } },
  );
  const { choices } = await completions.create(params);
  expect(choices[0]?.message.content).toBe("done");
});

test("a JSON body that never becomes whole is bounded by the time for the answer", async () => {
  const { completions } = await clientFor(
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"choices":');
      goOn(response, "\n ");
    },
    { wire: "json", timeouts: { startMs: 300 } },
  );
  expect(await failureOf(completions.create(params))).toMatchObject({ code: "timeout", phase: "start" });
});

test("what cannot be read after the finish is no matter, unless the answer goes on behind it", async () => {
  const broken = "data: {broken\n\n";
  const fine = await clientFor(streams(opener, event({}, "stop", { usage }), broken, DONE));
  expect((await fine.completions.create(params)).choices[0]?.message.content).toBe("The answer is");
  const holed = await clientFor(streams(opener, event({}, "stop"), broken, event({ content: " 42" }), DONE));
  expect(await failureOf(holed.completions.create(params))).toMatchObject({ code: "unexpected_response" });
});

test("whatever way a stream was opened, one that is dropped in the middle is closed", async () => {
  const { server, completions, client } = await clientFor((_request, response) => {
    response.writeHead(200, SSE);
    response.write(opener);
  });
  const drops = [
    () => completions.stream(params)[Symbol.asyncIterator]().next(),
    () => completions.stream(params).toReadableStream().getReader().read(),
    () => completions.stream(params).toResponse().body?.getReader().read(),
    () => completions.create({ ...params, stream: true }),
  ];
  // A function of its own, so that the frame of the test holds none of them.
  const dropAll = async () => {
    for (const drop of drops) await drop();
  };
  await dropAll();
  expect(server.open).toBe(drops.length);
  await eventuallyCollected(() => server.open === 0, "all are closed");
  await eventually(() => client.health().providers[0]?.inFlight === 0, "nothing is in flight");
});

test("data too deep to be handed on ends the response and closes the connection", async () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const { server, completions } = await clientFor((_request, response) => {
    response.writeHead(200, SSE);
    response.write(`data: {"x":${deep},"choices":[{"delta":{"content":"a"}}]}\n\n`);
  });
  const stream = completions.stream(params);
  const text = await stream.toResponse().text();
  expect(text).toContain('"code":"unexpected_response"');
  expect(text).not.toContain("[DONE]");
  await eventually(() => server.open === 0, "the socket is closed");
  await failureOf(stream.finalChatCompletion());
  expect(stream.report.outcome).not.toBe("pending");
});

test("many chunks after the finish, or before the first token, are no trouble for the stack", async () => {
  const empty = 'data: {"choices":[]}\n\n'.repeat(100_000);
  const { completions } = await clientFor(streams(opener, event({}, "stop", { usage }), empty, DONE));
  const { choices } = await completions.create(params);
  expect(choices[0]?.message.content).toBe("The answer is");
  const idle = 'data: {"choices":[{"index":0,"delta":{}}]}\n\n'.repeat(30_000);
  const late = await clientFor(streams(idle, opener, event({}, "stop"), DONE));
  let text = "";
  for await (const piece of late.completions.stream(params).textStream()) text += piece;
  expect(text).toBe("The answer is");
});

test("a server that goes on after its finish loses its connection, and the answer is kept", async () => {
  const { server, completions } = await clientFor(
    (_request, response) => {
      response.writeHead(200, SSE);
      response.write(opener + event({}, "stop", { usage }));
      goOn(response, `data: ${JSON.stringify({ choices: [], x: "x".repeat(1024 * 1024) })}\n\n`);
    },
    { timeouts: { finishMs: 60_000 } },
  );
  const { choices } = await completions.create(params);
  expect(choices[0]?.message.content).toBe("The answer is");
  await eventually(() => server.open === 0, "the socket is closed");
});

test.each([
  ["nothing", async () => undefined, "connection"],
  [
    "a body of strings",
    async () => new Response(new ReadableStream({ start: (body) => body.enqueue("text") })),
    "stream_interrupted",
  ],
  [
    "a body that was read",
    async () => {
      const response = new Response("text");
      await response.text();
      return response;
    },
    "unexpected_response",
  ],
])("a fetch of one's own that gives %s fails the call with a typed error", async (_, fetch, code) => {
  const client = createResilientClient({
    apiKey: KEY,
    fetch: fetch as typeof globalThis.fetch,
    retry: false,
    resume: false,
  });
  expect(await failureOf(client.chat.completions.create(params))).toMatchObject({ code });
});

test("stream.abort may be given any reason, null among them", async () => {
  const { completions } = await clientFor((_request, response) => {
    response.writeHead(200, SSE);
    response.write(opener);
  });
  const stream = await completions.create({ ...params, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  await chunks.next();
  stream.abort(null);
  expect(await failureOf(chunks.next())).toBeNull();
  expect(await failureOf(stream.finalChatCompletion())).toBeNull();
});

test("a response that cannot be made leaves the stream to be read otherwise", async () => {
  const { completions } = await clientFor(streams(opener, event({}, "stop", { usage }), DONE));
  const stream = completions.stream(params);
  expect(() => stream.toResponse({ status: 99 })).toThrow(RangeError);
  expect((await stream.finalChatCompletion()).usage).toEqual(usage);
});
