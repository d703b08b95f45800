import { accepted, refused } from "../judge-answers.ts";
import { betaChat, chat, PLAIN, type Probe, tool } from "../probe.ts";

const VALIDATE = "src/chat/validate-request.ts";
const PARAMETERS = "src/testing/parameter-rules.ts";

export const toolProbes: readonly Probe[] = [
  {
    name: "empty-tools",
    fact: "An empty list of tools is refused with 400.",
    today: "Refuses it before it is sent; the simulator takes it.",
    where: [VALIDATE, PARAMETERS],
    questions: [chat({ ...PLAIN, tools: [] })],
    judge: refused(/tools/i, {
      accepted: "validate-request.ts may let it pass: DeepSeek takes it.",
      otherwise: "validate-request.ts is right to refuse it; let the simulator refuse it in these words.",
    }),
  },
  {
    name: "long-tool-name",
    fact: "The name of a tool may have 128 characters; an older page says 64.",
    today: "Refuses names of more than 128 characters before they are sent.",
    where: [VALIDATE],
    questions: [chat({ ...PLAIN, tools: [tool("a".repeat(128))] })],
    judge: accepted("Lower the limit for tool names in findToolProblem of validate-request.ts, and in the simulator."),
  },
  {
    name: "strict-needs-beta",
    fact: "strict tools are refused without /beta.",
    today: "Sends requests with strict tools to /beta; the simulator refuses the rest.",
    where: ["src/providers/deepseek.ts", PARAMETERS],
    questions: [chat({ ...PLAIN, tools: [tool("get_weather", { strict: true })] })],
    judge: refused(/strict|beta/i, {
      accepted: "needsBeta in deepseek.ts may leave strict tools where they are; drop the rule in parameter-rules.ts.",
      otherwise: "Let the simulator say it in these words (parameter-rules.ts).",
    }),
  },
  {
    name: "strict-at-beta",
    fact: "strict tools are accepted at /beta.",
    today: "Sends requests with strict tools to /beta; the simulator accepts them there.",
    where: ["src/providers/deepseek.ts", PARAMETERS],
    questions: [betaChat({ ...PLAIN, tools: [tool("get_weather", { strict: true })] })],
    judge: accepted(
      "Look at what it refuses: needsBeta in deepseek.ts, and the sentence at strict in chat-request.ts.",
    ),
  },
];
