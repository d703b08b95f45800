import type { Answer } from "../answer.ts";
import { chat, differs, holds, type Judgement, PLAIN, type Probe, unknown } from "../probe.ts";

const isRefusal = ({ status }: Answer) => status === 429 || (status !== undefined && status >= 500);

/** What no request can bring about: it is looked for in every answer of the run. */
export const passingProbes: readonly Probe[] = [
  {
    name: "retry-after",
    fact: "Retry-After was never seen, also not with 429 and 503.",
    today: "Obeys retry-after-ms and Retry-After in each of their forms, and goes by its own waits without them.",
    where: ["src/transport/retry-after.ts", "src/state/provider-state.ts"],
    looksBack: true,
    questions: [{ method: "GET", path: "/models" }],
    judge: judgeRetryAfter,
  },
  {
    name: "rate-limit-headers",
    fact: "No header tells how much of a limit is left.",
    today: "Looks for none; reads the limit of concurrent requests out of the message of a 429.",
    where: ["src/transport/classify-failure.ts"],
    looksBack: true,
    questions: [{ method: "GET", path: "/models" }],
    judge: (answers) => {
      const names = headerNames(answers).filter((name) => /ratelimit|rate-limit|quota|remaining/.test(name));
      if (names.length > 0)
        return differs(`There: ${names.join(", ")}.`, "Keep the limit in provider-state.ts, and pace calls by it.");
      return holds(`None among ${headerNames(answers).length} names of headers.`);
    },
  },
  {
    name: "trace-id",
    fact: "Every answer has x-ds-trace-id, 32 hexadecimal digits.",
    today: "Tells it as error.requestId, to be given to support.",
    where: ["src/providers/deepseek.ts", "src/testing/deepseek-dialect.ts"],
    looksBack: true,
    questions: [chat(PLAIN)],
    judge: judgeTraceId,
  },
  {
    name: "keep-alive",
    fact: 'Who waits in the queue of a stream gets ": keep-alive" comments, and of a whole answer empty lines.',
    today: "Takes any comment or empty line for a sign of life in the queue; 45 s without one end an attempt.",
    where: ["src/client-options.ts", "src/transport/read-event-stream.ts", "src/testing/deepseek-dialect.ts"],
    looksBack: true,
    questions: [chat({ ...PLAIN, max_tokens: 4, stream: true })],
    judge: judgeKeepAlive,
  },
];

function headerNames(answers: readonly Answer[]): string[] {
  return [...new Set(answers.flatMap(({ headers }) => Object.keys(headers)))];
}

function judgeRetryAfter(answers: readonly Answer[]): Judgement {
  const found = answers.flatMap(({ status, headers }) =>
    ["retry-after", "retry-after-ms"].flatMap((name) =>
      headers[name] ? [`${status}: ${name}: ${headers[name]}`] : [],
    ),
  );
  if (found.length > 0)
    return differs(
      `It was sent: ${found.join("; ")}`,
      "Nothing in the client, which obeys it; let the simulator send it by default.",
    );
  const refusals = answers.filter(isRefusal).length;
  if (refusals > 0) return holds(`Not in ${refusals} answers with 429 or 5xx.`);
  return unknown(`Not in ${answers.length} answers, but none of them was a 429 or 5xx.`);
}

function judgeTraceId(answers: readonly Answer[]): Judgement {
  const answered = answers.filter(({ status }) => status !== undefined);
  if (answered.length === 0) return unknown("There was no answer.");
  const ids = answered.flatMap(({ headers }) => headers["x-ds-trace-id"] ?? []);
  const others = headerNames(answered).filter((name) => /request-id|trace/.test(name) && name !== "x-ds-trace-id");
  const seen = `In ${ids.length} of ${answered.length} answers${others.length > 0 ? `; beside it ${others.join(", ")}` : ""}.`;
  if (ids.length === answered.length && ids.every((id) => /^[0-9a-f]{32}$/.test(id))) return holds(seen);
  if (ids.length > 0)
    return differs(`${seen} For example ${ids[0]}.`, "Nothing in the client, which tells the id that is there.");
  return differs(seen, `Set requestIdHeader in deepseek.ts to ${others[0] ?? "what there is"}.`);
}

function judgeKeepAlive(answers: readonly Answer[]): Judgement {
  const comments = answers.filter(({ events }) => events.length > 0).flatMap(({ keepAlives }) => keepAlives);
  const lines = answers.filter(({ events }) => events.length === 0).flatMap(({ keepAlives }) => keepAlives);
  if (comments.length === 0 && lines.length === 0) return unknown("Nobody was queued: no sign of life was needed.");
  const kinds = [...new Set(comments.map((comment) => JSON.stringify(comment)))].join(", ");
  const seen = `${comments.length} comments${kinds && ` (${kinds})`}, ${lines.length} empty lines.`;
  if (comments.every((comment) => comment === ": keep-alive")) return holds(seen);
  return differs(
    seen,
    "Let the simulator send these (keepAlive in deepseek-dialect.ts); the client takes any comment.",
  );
}
