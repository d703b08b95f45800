import { refused } from "../judge-answers.ts";
import { assistant, chat, PLAIN, type Probe, user } from "../probe.ts";

const RULES = "src/testing/request-rules.ts";
const VALIDATE = "src/chat/validate-request.ts";
/** One white pixel. */
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=";
const picture = [{ type: "image_url", image_url: { url: PIXEL } }];
const SAY_WORDS = "Let the simulator say it in these words (request-rules.ts).";

export const messageProbes: readonly Probe[] = [
  {
    name: "null-content",
    fact: "An assistant message with content null and no tool calls is refused with 400.",
    today:
      "Refuses it before it is sent, or sends an empty text in its place beside thinking; the simulator refuses it too.",
    where: [VALIDATE, RULES],
    questions: [chat({ ...PLAIN, messages: [user("Say a."), assistant(null), user("Say b.")] })],
    judge: refused(/content/, {
      accepted: "Allow it in findConflict of validate-request.ts and in checkMessage of request-rules.ts.",
      otherwise: SAY_WORDS,
    }),
  },
  {
    name: "developer-role",
    fact: "The role developer is refused with 400 and a list of the roles there are.",
    today: "Sends system in its place to DeepSeek, and to others after this 400; the simulator refuses it.",
    where: [VALIDATE, RULES],
    questions: [chat({ ...PLAIN, messages: [{ role: "developer", content: "Be brief." }, user("Say ok.")] })],
    judge: refused(/unknown variant|role/, {
      accepted: "Take the role out of the table of differences in the README, and add it to ROLES in request-rules.ts.",
      otherwise: SAY_WORDS,
    }),
  },
  {
    name: "image-in-system",
    fact: "A picture in a system message is refused with 400.",
    today: "Its types allow pictures to the user alone; the simulator refuses it.",
    where: ["src/chat/chat-request.ts", RULES],
    questions: [chat({ ...PLAIN, messages: [{ role: "system", content: picture }, user("Say ok.")] })],
    judge: refused(/image|content|variant/i, {
      accepted: "Allow it in SystemMessage of chat-request.ts, and in checkParts of request-rules.ts.",
      otherwise: SAY_WORDS,
    }),
  },
  {
    name: "tool-result-missing",
    fact: "A tool call that no tool message answers is refused with 400.",
    today: "Sends messages as they are given; the simulator refuses it.",
    where: [RULES],
    questions: [
      chat({
        ...PLAIN,
        messages: [
          user("Weather?"),
          assistant("", {
            tool_calls: [{ id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } }],
          }),
          user("And now?"),
        ],
      }),
    ],
    judge: refused(/tool/i, {
      accepted: "Drop the rule in checkToolOrder of request-rules.ts.",
      otherwise: SAY_WORDS,
    }),
  },
  {
    name: "pro-reads-no-pictures",
    fact: "deepseek-v4-pro refuses pictures with 400.",
    today: "Does not ask it with pictures, and asks the next provider; the simulator refuses them.",
    where: ["src/providers/deepseek-models.ts", "src/providers/deepseek.ts", RULES],
    questions: [chat({ ...PLAIN, model: "deepseek-v4-pro", messages: [user(picture)] })],
    judge: refused(/image|content|variant|support/i, {
      accepted: "Set images to true for deepseek-v4-pro in deepseek-models.ts.",
      otherwise: "Nothing in the client, which does not ask; let the simulator refuse it in these words.",
    }),
  },
];
