import {
  AuthenticationError,
  BusyError,
  type ClientEvent,
  createResilientClient,
  deepseek,
  ResilientClientError,
} from "resilient-deepseek";
import { casesOf, check, eventually, rejectionOf, same } from "./case.ts";
import { clientOf, params } from "./client.ts";
import { everythingSaidBy } from "./everything-said.ts";
import { KEY } from "./key.ts";

/** A browser may lose what came in one read with the end of its connection. */
const PACED = { tokenMs: 20 } as const;

/** The error of a rejection, which must be one of the family. */
async function failureOf(promise: Promise<unknown>) {
  const error = await rejectionOf(promise);
  if (ResilientClientError.isInstance(error)) return error;
  throw new Error(`Expected an error of the family, got ${String(error)}.`);
}

export const failureCases = casesOf({
  async "503 is waited out"({ open }) {
    const world = await open({ options: { script: ["busy", { kind: "busy", status: 502 }] } });
    const events: ClientEvent["type"][] = [];
    const client = clientOf(world, { onEvent: ({ type }) => events.push(type) });
    const { data, report } = await client.chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the answer is whole");
    same(
      report.attempts.map(({ status, outcome }) => [status, outcome]),
      [
        [503, "failed"],
        [502, "failed"],
        [200, "succeeded"],
      ],
      "the attempts",
    );
    same(events.filter((type) => type === "wait").length, 2, "the waits that were told");
  },

  async "Retry-After of a 429 is honoured"({ open }) {
    const world = await open({ options: { script: [{ kind: "rate_limited", retryAfterMs: 1000, form: "seconds" }] } });
    const { data, report } = await clientOf(world).chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the answer is whole");
    same(report.attempts[0]?.error?.code, "rate_limited", "the first failure");
    const [first, second] = (await world.seen()).requests;
    check((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 1000, "the second request came a second after the first");
  },

  async "keep-alives of a queue are waited through, and told"({ open }) {
    const options = { script: [{ kind: "queue", forMs: 300 }], timing: { keepAliveMs: 20 } } as const;
    const world = await open({ options });
    const events: ClientEvent["type"][] = [];
    const client = clientOf(world, { onEvent: ({ type }) => events.push(type) });
    const { choices } = await client.chat.completions.create(params);
    check(await world.isWhole(choices[0]?.message.content ?? ""), "the answer is whole");
    check(events.includes("attempt-queued"), "the place in the queue was told");
    same((await world.seen()).requests.length, 1, "the number of requests");
  },

  async "a plain call whose answer is cut starts again unseen"({ open }) {
    const world = await open({ options: { script: [{ kind: "cut", afterTokens: 9 }], timing: PACED } });
    const { data, report } = await clientOf(world).chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the answer is whole, and no splice");
    same(
      report.attempts.map(({ outcome, error }) => [outcome, error?.code]),
      [
        ["interrupted", "stream_interrupted"],
        ["succeeded", undefined],
      ],
      "the attempts",
    );
    return report.attempts[0]?.error?.message;
  },

  async "with resume: false a stream that is cut fails with what was shown, and nothing else"({ open }) {
    // Whether the connection breaks or ends in order makes no difference.
    const cut = { kind: "cut", afterTokens: 9 } as const;
    const world = await open({ options: { script: [cut, { kind: "end", afterTokens: 9 }], timing: PACED } });
    for (const place of [0, 1]) {
      let text = "";
      const stream = clientOf(world).chat.completions.stream(params, { resume: false });
      const read = async () => {
        for await (const piece of stream.textStream()) text += piece;
      };
      const error = await failureOf(read());
      same(error.code, "stream_interrupted", "the code");
      same(error.partial?.content, text, "the partial answer, beside what was shown");
      const whole = (await world.seen()).requests[place]?.answer?.content ?? "";
      check(text !== "" && text !== whole && whole.startsWith(text), "it is a true beginning of the answer");
      check(!(await world.isWhole(text)), "it is not taken for a whole one");
      same((await rejectionOf(stream.finalChatCompletion())) === error, true, "the failure of the final completion");
    }
  },

  async "a stream that is cut goes on where it stopped, and is one answer"({ open }) {
    const script = [{ kind: "cut", afterTokens: 40 }, "busy", { kind: "end", afterTokens: 5 }] as const;
    const world = await open({ options: { script, timing: PACED } });
    let text = "";
    let seams = 0;
    const stream = clientOf(world).chat.completions.stream(params);
    for await (const part of stream.parts()) {
      if (part.type === "text-delta") text += part.text;
      if (part.type === "seam") seams += 1;
    }
    check(await world.isWhole(text), "the text is one whole answer");
    same(seams, 2, "the seams");
    const { choices } = await stream.finalChatCompletion();
    same(choices[0]?.message.content, text, "the final completion");
  },

  async "silence in an answer is ended by the wire limit"({ open }) {
    const world = await open({ options: { script: [{ kind: "stall", afterTokens: 5 }] } });
    const client = clientOf(world, { timeouts: { wireMs: 1500 } });
    const { data, report } = await client.chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the second answer is whole");
    same([report.attempts[0]?.error?.code, report.attempts[0]?.error?.phase], ["timeout", "wire"], "the first failure");
  },

  async "a server that takes a request and says nothing is left after headersMs"({ open }) {
    const world = await open({ options: { script: ["black_hole"] } });
    const client = clientOf(world, { timeouts: { headersMs: 1500 } });
    const { data, report } = await client.chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the second answer is whole");
    same(report.attempts[0]?.error?.phase, "headers", "the phase of the first failure");
  },

  async "a second provider answers when the first cannot"({ open }) {
    const [bad, good] = [await open({ options: { script: ["busy"] } }), await open()];
    const client = createResilientClient({
      providers: [
        deepseek({ name: "first", apiKey: KEY, baseURL: bad.url }),
        deepseek({ name: "second", apiKey: KEY, baseURL: good.url }),
      ],
      dangerouslyAllowBrowser: true,
    });
    const { data, report } = await client.chat.completions.create(params).withReport();
    check(await good.isWhole(data.choices[0]?.message.content ?? ""), "the second provider's answer is whole");
    same(
      report.attempts.map(({ provider, kind }) => [provider, kind]),
      [
        ["first", "first"],
        ["second", "fallback"],
      ],
      "the attempts",
    );
    same([report.waitedMs, (await bad.seen()).requests.length], [0, 1], "the wait, and the first one's requests");
  },

  async "a wrong key is told once, and stands nowhere in the error"({ open }) {
    const world = await open({ options: { apiKey: "sk-another-key-of-another-account" } });
    const error = await failureOf(clientOf(world).chat.completions.create(params));
    check(AuthenticationError.isInstance(error), "it is an authentication error");
    same([error.status, error.retryable, error.attempts.length], [401, false, 1], "status, retryable, attempts");
    check(!everythingSaidBy(error).includes(KEY), "the key stands nowhere");
  },

  async "what is wrong with a request is told before anything is sent"({ open }) {
    const world = await open();
    const { completions } = clientOf(world).chat;
    same((await failureOf(completions.create({ ...params, temperature: 9 }))).code, "invalid_request", "the code");
    const stream = completions.stream({ ...params, messages: [] });
    same((await failureOf(stream.finalChatCompletion())).code, "invalid_request", "the code of the stream");
    same((await world.seen()).requests.length, 0, "the number of requests");
  },

  async "what the server refuses is not asked again"({ open }) {
    const world = await open({ options: { script: ["invalid_request"] } });
    const error = await failureOf(clientOf(world).chat.completions.create(params));
    same([error.code, error.status], ["invalid_request", 400], "the error");
    same((await world.seen()).requests.length, 1, "the number of requests");
  },

  async "a refused connection is a connection error"({ closedAddress }) {
    const url = await closedAddress();
    const error = await failureOf(clientOf({ url }, { retry: false }).chat.completions.create(params));
    same([error.code, error.retryable], ["connection", true], "the error");
    check(!everythingSaidBy(error).includes(KEY), "the key stands nowhere");
    return error.message;
  },

  async "a connection that breaks before the answer is tried again"({ open, isBrowser }) {
    const world = await open({ options: { script: ["outage", "outage"] } });
    const { data, report } = await clientOf(world).chat.completions.create(params).withReport();
    check(await world.isWhole(data.choices[0]?.message.content ?? ""), "the answer is whole");
    const failures = report.attempts.map(({ error }) => error?.code).slice(0, -1);
    // Chromium sends a request again by itself when a connection it had used before closes without an answer.
    same(failures, isBrowser ? ["connection"] : ["connection", "connection"], "the failures");
    return report.attempts[0]?.error?.message;
  },

  async "a redirect is refused, and its target gets nothing"({ open, isBrowser }) {
    for (const redirects of [302, 307] as const) {
      const world = await open({ front: { redirects } });
      const error = await failureOf(clientOf(world, { retry: false }).chat.completions.create(params));
      same(error.code, "unexpected_response", "the code");
      // A browser hides the status of a redirect that it was told not to follow.
      same(error.status, isBrowser ? undefined : redirects, "the status");
      const { elsewhere, requests } = await world.seen();
      same([elsewhere, requests.length], [0, 0], "requests at the target and at the host");
    }
  },

  async "errors are told apart by guards, codes and classes, and can be logged"({ open }) {
    const world = await open({ options: { faults: [{ kind: "busy" }] } });
    const error = await failureOf(clientOf(world, { retry: { maxRounds: 2 } }).chat.completions.create(params));
    same(
      [BusyError.isInstance(error), AuthenticationError.isInstance(error), error instanceof Error],
      [true, false, true],
      "the guards",
    );
    same([error.name, error.code, error.attempts.length], ["BusyError", "busy", 2], "name, code, attempts");
    const logged = JSON.parse(JSON.stringify(error));
    same([logged.code, logged.status, logged.attempts.length], ["busy", 503, 2], "what a log gets");
    check((error.stack ?? "").includes(error.message.slice(0, 20)), "the stack begins with the message");
  },

  async "health() says who failed and who succeeded"({ open }) {
    const world = await open({ options: { script: ["busy"] } });
    const client = clientOf(world);
    await client.chat.completions.create(params);
    // The answer is given before the connection has ended.
    await eventually(async () => client.health().providers[0]?.inFlight === 0, "nothing is in flight");
    const [health] = client.health().providers;
    same([health?.provider, health?.succeeded, health?.failed], ["deepseek", 1, 1], "the health");
    const year = new Date(health?.lastSuccessAt ?? 0).getUTCFullYear();
    same(year, new Date().getUTCFullYear(), "the year of the last success");
    same(health?.lastFailure?.code, "busy", "the last failure");
  },

  async "startMs ends a call that got no answer"({ open }) {
    const world = await open({ options: { faults: [{ kind: "black_hole" }] } });
    const error = await failureOf(clientOf(world, { timeouts: { startMs: 300 } }).chat.completions.create(params));
    same(error.code === "timeout" && error.phase, "start", "the phase");
  },
});
