import { type Answer, at, isFields, isSuccess } from "../answer.ts";
import { describe } from "../judge-answers.ts";
import { chat, differs, FLASH, holds, type Judgement, PLAIN, type Probe, unknown } from "../probe.ts";

const READING = "src/transport/http-errors.ts";
const NAMING = "src/transport/classify-failure.ts";
const WORDS = "src/testing/deepseek-errors.ts";

export const errorProbes: readonly Probe[] = [
  {
    name: "wrong-key",
    fact: "A wrong key gets 401, type authentication_error, and the key masked to its last four characters.",
    today: "Goes by the status; masks the key in whatever form it comes back; the simulator uses these words.",
    where: [NAMING, WORDS],
    questions: [chat(PLAIN, { hasWrongKey: true })],
    judge: judgeWrongKey,
  },
  {
    name: "unknown-path",
    fact: "A path that does not exist gets 404; what the body says was never seen.",
    today: "Takes a 404 without a word of a model for a wrong base URL; the simulator answers in plain text.",
    where: [NAMING, WORDS],
    questions: [{ method: "POST", path: "/no/such/path", body: { model: FLASH, max_tokens: 1 } }],
    judge: ([answer]) => {
      if (!answer) return unknown("");
      if (answer.status !== 404)
        return differs(
          describe(answer),
          "Give this status the remedy for a wrong base URL (isPath in classify-failure.ts).",
        );
      return /model/i.test(answer.said)
        ? differs(
            describe(answer),
            "These words would be taken for an unknown model: see invalidRequest in classify-failure.ts.",
          )
        : holds(describe(answer));
    },
  },
  {
    name: "bad-parameters",
    fact: "Parameters that are out of range, or of another type, get 400 and never the documented 422.",
    today: "Takes 422 as it takes 400: an invalid request, asked once.",
    where: [NAMING, WORDS],
    questions: [chat({ ...PLAIN, temperature: 9 }), chat({ ...PLAIN, messages: "none" })],
    judge: (answers) => {
      const seen = answers.map(describe).join("; ");
      if (answers.some(isSuccess))
        return differs(
          seen,
          "The server takes what we refuse: look at the ranges in validate-request.ts and parameter-rules.ts.",
        );
      return answers.every(({ status }) => status === 400)
        ? holds(seen)
        : differs(seen, "Let the simulator use this status and these words (deepseek-errors.ts, unprocessable).");
    },
  },
  {
    name: "balance",
    fact: "GET /user/balance tells is_available, and amounts as texts for each currency.",
    today: "Asks with client.balance(), and passes on what it tells.",
    where: [NAMING],
    questions: [{ method: "GET", path: "/user/balance" }],
    judge: judgeBalance,
  },
  {
    name: "error-envelope",
    fact: "Every error is JSON: error with message, type, param and a code that says invalid_request_error for nearly all.",
    today: "Goes by status and message, then by type, and never by code.",
    where: [READING, NAMING, WORDS],
    looksBack: true,
    questions: [chat({ ...PLAIN, model: "deepseek-v9-nonexistent" })],
    judge: judgeEnvelopes,
  },
  {
    name: "error-content-type",
    fact: "Some errors are JSON under another content type, as application/octet-stream.",
    today: "Tries every error body as JSON, whatever its content type says.",
    where: [READING, WORDS],
    looksBack: true,
    questions: [chat({ ...PLAIN, messages: [{ role: "developer", content: "Hi." }] })],
    judge: judgeContentTypes,
  },
];

function judgeWrongKey([answer]: readonly Answer[]): Judgement {
  if (!answer) return unknown("");
  const type = at(answer.json, "error", "type");
  const seen = `${describe(answer)}, type ${String(type)}`;
  if (isSuccess(answer)) return unknown("It was accepted: this server does not look at keys.");
  if (answer.status !== 401) return differs(seen, "Give this status the code authentication in classify-failure.ts.");
  if (type !== "authentication_error")
    return differs(seen, "Correct STATUS_OF_TYPE in http-errors.ts, and wrongKey in deepseek-errors.ts.");
  return holds(seen);
}

function judgeBalance([answer]: readonly Answer[]): Judgement {
  if (!answer) return unknown("");
  const infos = at(answer.json, "balance_infos");
  const isRight =
    typeof at(answer.json, "is_available") === "boolean" &&
    Array.isArray(infos) &&
    infos.every((info) => typeof at(info, "currency") === "string" && typeof at(info, "total_balance") === "string");
  // How much somebody owns is nobody's business, and no part of the fact.
  if (isSuccess(answer) && isRight) return holds("Of that shape.");
  const fields = isFields(answer.json) ? `fields ${Object.keys(answer.json).join(", ")}` : "no JSON";
  return differs(
    `${isSuccess(answer) ? answer.status : describe(answer)}, ${fields}.`,
    "Nothing now; whatever reads the balance later must read this shape.",
  );
}

function judgeEnvelopes(answers: readonly Answer[]): Judgement {
  const errors = answers.filter(({ status }) => status !== undefined && status >= 400 && status !== 404);
  if (errors.length === 0) return unknown("No error was seen.");
  const odd = errors.filter(({ json }) => typeof at(json, "error", "message") !== "string");
  const codes = [...new Set(errors.map(({ json }) => String(at(json, "error", "code"))))].join(", ");
  const seen = `${errors.length} errors, code ${codes}`;
  if (odd.length > 0)
    return differs(
      `${seen}; of another form: ${odd.map(describe).join("; ")}`,
      "Read this form in readEnvelope of http-errors.ts.",
    );
  return codes === "invalid_request_error"
    ? holds(`${seen}.`)
    : differs(
        `${seen}.`,
        "If codes tell errors apart now, classify-failure.ts may go by them; the simulator should send them.",
      );
}

function judgeContentTypes(answers: readonly Answer[]): Judgement {
  const errors = answers.filter(
    (answer) => answer.status !== undefined && answer.status >= 400 && isFields(answer.json),
  );
  if (errors.length === 0) return unknown("No error with JSON was seen.");
  const types = [...new Set(errors.map(({ headers }) => headers["content-type"] ?? "none"))];
  const seen = `${errors.length} errors with JSON, content type ${types.join(", ")}.`;
  if (types.some((type) => !type.includes("json"))) return holds(seen);
  return differs(seen, "Nothing in the client; the simulator may say application/json everywhere (cannotDeserialize).");
}
