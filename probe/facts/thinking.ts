import { type Answer, at, countOf, finishOf, isSuccess, messageOf, usageOf } from "../answer.ts";
import { accepted, describe, refused } from "../judge-answers.ts";
import { assistant, chat, differs, holds, type Judgement, PLAIN, type Probe, tool, unknown, user } from "../probe.ts";

const RULES = "src/testing/request-rules.ts";
const PARAMETERS = "src/testing/parameter-rules.ts";
const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"] as const;
const SAME = [
  ["minimal", "low"],
  ["medium", "high"],
  ["xhigh", "high"],
  ["ultra", "max"],
  ["default", "high"],
] as const;

const earlier = [user("Say a."), user("Say b.")] as const;
const asked = (turn: object) => [earlier[0], assistant("a", { ...turn }), earlier[1]];
const withTools = { tools: [tool("get_weather")] };

export const thinkingProbes: readonly Probe[] = [
  {
    name: "thinking-default",
    fact: "A request that does not mention thinking is thought about, with an effort of high.",
    today: "Sends nothing of its own; the documentation and the simulator say that thinking is on.",
    where: ["src/chat/chat-request.ts", RULES],
    questions: [chat({ max_tokens: 16 })],
    judge: ([answer]) => {
      if (!answer || !isSuccess(answer)) return unknown(answer ? describe(answer) : "");
      return typeof messageOf(answer)["reasoning_content"] === "string"
        ? holds("It thinks: the message has reasoning_content.")
        : differs("It does not think.", "Correct the default in chat-request.ts, and isThinking in request-rules.ts.");
    },
  },
  {
    name: "thinking-off",
    fact: 'With thinking {"type":"disabled"} there is neither reasoning_content nor a count of reasoning tokens.',
    today: "Does not need either to be there, or away; the simulator leaves them out.",
    where: ["src/testing/deepseek-dialect.ts"],
    questions: [chat(PLAIN)],
    judge: ([answer]) => {
      if (!answer || !isSuccess(answer)) return unknown(answer ? describe(answer) : "");
      const found = [
        ...(messageOf(answer)["reasoning_content"] === undefined ? [] : ["reasoning_content"]),
        ...(usageOf(answer)["completion_tokens_details"] === undefined ? [] : ["completion_tokens_details"]),
      ];
      if (found.length === 0) return holds("Neither is there.");
      return differs(`There: ${found.join(", ")}.`, "Let the simulator send it too (deepseek-dialect.ts).");
    },
  },
  {
    name: "thinking-adaptive",
    fact: 'thinking {"type":"adaptive"} is not documented, and is refused.',
    today: "Has no such type; the simulator refuses it.",
    where: ["src/chat/chat-request.ts", PARAMETERS],
    questions: [chat({ thinking: { type: "adaptive" }, max_tokens: 4 })],
    judge: refused(/thinking|variant|adaptive/i, {
      accepted: "Add adaptive to the type of thinking in chat-request.ts, and to checkModes in parameter-rules.ts.",
      otherwise: "Let the simulator say it in these words (parameter-rules.ts).",
    }),
  },
  {
    name: "effort-mapping",
    fact: "minimal counts as low, medium and xhigh as high, ultra as max, and none turns thinking off.",
    today: "Sends the effort as it is given; the simulator accepts all of these. Other hosts get xhigh for max.",
    where: ["src/chat/chat-request.ts", PARAMETERS, "src/providers/say-thinking.ts"],
    // The hints for thinking stand in the prompt, out of sight: its length tells efforts apart.
    questions: [...EFFORTS.map((effort) => chat({ reasoning_effort: effort, max_tokens: 2 })), chat({ max_tokens: 2 })],
    judge: judgeEfforts,
  },
  {
    name: "forced-tool-choice",
    fact: "While thinking, tool_choice required is refused with 400.",
    today: "Refuses it before it is sent, or turns thinking off where the caller said so; the simulator refuses it.",
    where: ["src/chat/chat-request.ts", PARAMETERS],
    questions: [chat({ ...withTools, tool_choice: "required", max_tokens: 8 })],
    judge: refused(/does not support this tool_choice/i, {
      accepted: "Take the warning out of tool_choice in chat-request.ts, and the rule out of parameter-rules.ts.",
      otherwise: "Let the simulator say it in these words (parameter-rules.ts).",
    }),
  },
  {
    name: "reasoning-must-return",
    fact: "With tools, an earlier answer that comes back without its reasoning_content is refused with 400.",
    today: "Sends an empty one where there is none; the simulator refuses a message without.",
    where: ["src/chat/chat-request.ts", RULES],
    questions: [chat({ ...withTools, messages: asked({}) })],
    judge: refused(/reasoning_content/, {
      accepted: "Soften the sentence at reasoning_content in chat-request.ts, and drop mustReplay in request-rules.ts.",
      otherwise: "Let the simulator say it in these words (request-rules.ts).",
    }),
  },
  {
    name: "empty-reasoning-counts",
    fact: "With tools, an empty reasoning_content is enough to come back with.",
    today: "Keeps an empty reasoning_content in what it sends; the simulator accepts it.",
    where: ["src/chat/chat-request.ts", RULES],
    questions: [chat({ ...withTools, messages: asked({ reasoning_content: "" }) })],
    judge: accepted(
      "Let checkMessage in request-rules.ts ask for text, and say so at reasoning_content in chat-request.ts.",
    ),
  },
  {
    name: "reasoning-free-without-tools",
    fact: "Without tools, reasoning_content of earlier answers is accepted, ignored, and costs nothing.",
    today: "Sends it when it is given; the simulator counts no tokens for it.",
    where: ["src/chat/chat-request.ts", RULES],
    questions: [
      chat({ messages: asked({}) }),
      chat({ messages: asked({ reasoning_content: "The user wants the letter a and nothing else, so I say it." }) }),
    ],
    judge: judgeFreeReasoning,
  },
  {
    name: "length-while-thinking",
    fact: "An answer cut by max_tokens while it thinks ends with finish_reason length and an empty content.",
    today: "Accepts length as an end, and an answer of thinking alone as one that was cut.",
    where: ["src/chat/judge-completion.ts"],
    questions: [chat({ max_tokens: 3, messages: [user("Is 7919 a prime number?")] })],
    judge: judgeLength,
  },
];

function judgeEfforts(answers: readonly Answer[]): Judgement {
  const names = [...EFFORTS, "default"];
  const refusals = answers.flatMap((answer, index) =>
    isSuccess(answer) ? [] : [`${names[index]}: ${describe(answer)}`],
  );
  if (refusals.length > 0)
    return differs(
      refusals.join("; "),
      "Take it out of EFFORTS in parameter-rules.ts, and name it in chat-request.ts.",
    );
  const tokens = new Map(names.map((name, index) => [name, countOf(answers[index], "prompt_tokens")]));
  const seen = `Tokens of the same prompt: ${[...tokens].map(([name, count]) => `${name} ${count ?? "?"}`).join(", ")}.`;
  if (typeof messageOf(answers[0])["reasoning_content"] === "string")
    return differs(
      `${seen} none still thinks.`,
      "Correct isThinking in request-rules.ts and RANKS in say-thinking.ts.",
    );
  const odd = SAME.filter(([one, other]) => tokens.get(one) !== tokens.get(other));
  if (odd.length > 0)
    return differs(
      `${seen} Not the same: ${odd.map((pair) => pair.join(" and ")).join(", ")}.`,
      "Write the new mapping at reasoning_effort in chat-request.ts; look at RANKS in say-thinking.ts.",
    );
  const apart = new Set(["low", "high", "max"].map((name) => tokens.get(name))).size;
  return apart === 3 ? holds(seen) : unknown(`${seen} They cannot be told apart by that.`);
}

function judgeFreeReasoning(answers: readonly Answer[]): Judgement {
  const refusal = answers.find((answer) => !isSuccess(answer));
  if (refusal)
    return differs(
      describe(refusal),
      "Let the client leave it out when a request has no tools; let the simulator refuse it.",
    );
  const [without, withIt] = answers.map((answer) => countOf(answer, "prompt_tokens"));
  if (without === undefined || withIt === undefined) return unknown("The answers tell no prompt_tokens.");
  const seen = `${without} prompt tokens without it, ${withIt} with it.`;
  if (withIt === without) return holds(seen);
  return differs(
    seen,
    "Say at reasoning_content in chat-request.ts that it costs tokens without tools too; count it in the simulator.",
  );
}

function judgeLength([answer]: readonly Answer[]): Judgement {
  if (!answer || !isSuccess(answer)) return unknown(answer ? describe(answer) : "");
  const content = at(messageOf(answer), "content");
  const finish = String(finishOf(answer));
  const seen = `finish_reason ${finish}, content ${JSON.stringify(content)?.slice(0, 60)}.`;
  if (finish !== "length") return unknown(`${seen} It was not cut.`);
  if (content === "") return holds(seen);
  if (content === null)
    return differs(seen, "Let the simulator send null there (deepseek-dialect.ts); the client takes both.");
  return unknown(`${seen} It did not think that long.`);
}
