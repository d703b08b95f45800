import { type Answer, at, isFields, isSuccess, servedBy } from "../answer.ts";
import { describe, refused } from "../judge-answers.ts";
import { chat, differs, FLASH, holds, type Judgement, PLAIN, type Probe, unknown } from "../probe.ts";

const FACTS = "src/providers/deepseek-models.ts";
const KNOWN = [FLASH, "deepseek-v4-pro"];
const WINDOW = 1_048_576;
const RETIRED = ["deepseek-v4-flash", "deepseek-v4-flash-vision-exp"];

export const modelProbes: readonly Probe[] = [
  {
    name: "models-list",
    fact: "GET /models lists deepseek-flash and deepseek-v4-pro as { id, object, owned_by }, and may say more of each.",
    today: "Knows these two names, their windows and whether they read pictures; sends any other name as it is.",
    where: [FACTS, "src/chat/chat-request.ts", "src/testing/deepseek-dialect.ts"],
    questions: [{ method: "GET", path: "/models" }],
    judge: judgeList,
  },
  {
    name: "retired-names",
    fact: "deepseek-v4-flash and deepseek-v4-flash-vision-exp are retired, still accepted, and served by deepseek-flash.",
    today:
      "Knows their window and price, and tells that they are retired; the simulator serves both by deepseek-flash.",
    where: [FACTS, "src/testing/request-rules.ts"],
    questions: RETIRED.map((model) => chat({ ...PLAIN, model })),
    judge: judgeRetired,
  },
  {
    name: "pro-served",
    fact: "A request for deepseek-v4-pro is served by deepseek-v4-pro, and not by a flash model.",
    today: "Takes deepseek-v4-pro for a model of its own, which reads no pictures.",
    where: [FACTS],
    questions: [chat({ ...PLAIN, model: "deepseek-v4-pro" })],
    judge: judgePro,
  },
  {
    name: "unknown-model",
    fact: "An unknown model is refused with 400 and a list of the supported names.",
    today: "Takes these words for an unknown model, and asks other providers that may have it.",
    where: ["src/transport/classify-failure.ts", "src/testing/deepseek-errors.ts"],
    questions: [chat({ ...PLAIN, model: "deepseek-v9-nonexistent" })],
    judge: refused(/supported API model names/i, {
      accepted: "Unknown names are served: say so in the README, and let the simulator accept any model.",
      otherwise: "Teach classify-failure.ts the new words (unknownModel), and the simulator to say them.",
    }),
  },
  {
    name: "old-names",
    fact: "deepseek-chat, switched off in July 2026, is refused like any unknown model.",
    today: "Asks for deepseek-flash in its place at DeepSeek's own address, elsewhere after this 400.",
    where: [FACTS, "src/testing/request-rules.ts"],
    questions: [chat({ ...PLAIN, model: "deepseek-chat" })],
    judge: refused(/supported API model names/i, {
      accepted: "It is served again: add it to RETIRED in request-rules.ts, and to deepseek-models.ts.",
      otherwise: "Teach classify-failure.ts the new words (unknownModel), and the simulator to say them.",
    }),
  },
  {
    name: "v1-alias",
    fact: "Every path also works behind /v1.",
    today: "Takes a base URL with /v1 as it is, and leaves the /v1 out where it needs /beta.",
    where: ["src/providers/deepseek.ts"],
    questions: [{ method: "GET", path: "/v1/models" }],
    judge: ([answer]) =>
      answer && isSuccess(answer)
        ? holds("GET /v1/models is answered.")
        : differs(answer ? describe(answer) : "", "Strip /v1 from the base URL in deepseek.ts for every request."),
  },
];

function judgeList([answer]: readonly Answer[]): Judgement {
  const data = at(answer?.json, "data");
  if (
    !answer ||
    !isSuccess(answer) ||
    !Array.isArray(data) ||
    !data.every((entry) => typeof at(entry, "id") === "string")
  )
    return differs(
      answer ? describe(answer) : "",
      "Let the simulator list models in the new form (serve-request.ts); the client does not read the list.",
    );
  const ids = data.map((entry) => String(at(entry, "id")));
  const extra = [...new Set(data.flatMap((entry) => (isFields(entry) ? Object.keys(entry) : [])))]
    .filter((field) => !["id", "object", "owned_by"].includes(field))
    .join(", ");
  const seen = `${ids.join(", ")}; ${extra ? `more fields: ${extra}` : "no more fields"}.`;
  const odd = [...KNOWN.filter((id) => !ids.includes(id)), ...ids.filter((id) => !KNOWN.includes(id))];
  if (odd.length > 0)
    return differs(
      seen,
      `Correct ${odd.join(", ")} in deepseek-models.ts, in the type ChatModel and in the simulator.`,
    );
  const windows = data.map((entry) => at(entry, "context_window")).filter((window) => typeof window === "number");
  const other = windows.find((window) => window !== WINDOW);
  if (other !== undefined) return differs(`${seen} A window of ${other}.`, "Correct the window in deepseek-models.ts.");
  return holds(seen);
}

function judgeRetired(answers: readonly Answer[]): Judgement {
  const seen = answers.map((answer, index) =>
    isSuccess(answer) ? `${RETIRED[index]} is served by ${servedBy(answer)}` : `${RETIRED[index]}: ${describe(answer)}`,
  );
  const isRight = answers.length > 0 && answers.every((answer) => isSuccess(answer) && servedBy(answer) === FLASH);
  const told = `${seen.join("; ")}.`;
  if (isRight) return holds(told);
  return differs(told, "Correct deepseek-models.ts and RETIRED in request-rules.ts; tell users of old names.");
}

function judgePro([answer]: readonly Answer[]): Judgement {
  if (!answer || !isSuccess(answer))
    return differs(answer ? describe(answer) : "", "Take deepseek-v4-pro out of deepseek-models.ts and ChatModel.");
  const name = servedBy(answer);
  if (name === "deepseek-v4-pro") return holds(`Served by ${name}.`);
  if (!name.startsWith("deepseek-")) return unknown(`The answer names its model ${name}.`);
  return differs(`Served by ${name}.`, `Give deepseek-v4-pro the facts of ${name} in deepseek-models.ts.`);
}
