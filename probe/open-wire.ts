import { setTimeout as wait } from "node:timers/promises";
import type { Answer } from "./answer.ts";
import { asUsd, costUsd, worstCostUsd } from "./count-cost.ts";
import type { Question } from "./probe.ts";
import { noAnswer, readAnswer } from "./read-answer.ts";

/** Ends a run: nothing that is asked after it could be answered, or paid. */
export class RunEnded extends Error {
  override readonly name = "RunEnded";
}

export interface WireOptions {
  readonly baseURL: string;
  readonly key: string;
  /** No question is sent that could take the costs beyond it. */
  readonly capUsd: number;
  /** How long the server gets where it needs a moment. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** So many questions in a row without an answer, and nobody is there. */
const MAX_SILENCES = 3;

/** Plain `fetch`: what is probed is what travels, and not what the client makes of it. */
export interface Wire {
  /** @throws RunEnded when the key is refused, the account is empty, nobody answers, or the cap is reached; the signal's reason when it aborts. */
  ask(question: Question): Promise<Answer>;
  /** Every answer so far. */
  readonly answers: readonly Answer[];
  readonly spentUsd: number;
}

export function openWire({ baseURL, key, capUsd, pauseMs, signal }: WireOptions): Wire {
  const answers: Answer[] = [];
  let spentUsd = 0;

  const send = async (question: Question): Promise<Answer> => {
    const { method, path, body, hasWrongKey, timeoutMs = 90_000 } = question;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`${baseURL}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${hasWrongKey ? "sk-no-such-key-0000000000000000" : key}`,
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: AbortSignal.any([signal, limit]),
      });
      return await readAnswer(response, question, key);
    } catch (error) {
      signal.throwIfAborted();
      return noAnswer(question, limit.aborted ? `none within ${timeoutMs / 1000} s.` : error, key);
    }
  };

  return {
    answers,
    get spentUsd() {
      return spentUsd;
    },
    async ask(question) {
      if (spentUsd + worstCostUsd(question) > capUsd) {
        throw new RunEnded(`The next question could take the costs beyond ${asUsd(capUsd)}, which is the cap.`);
      }
      if (question.needsPause) await wait(pauseMs, undefined, { signal });
      const answer = await send(question);
      answers.push(answer);
      spentUsd += costUsd(question, answer);
      const last = answers.slice(-MAX_SILENCES);
      if (last.length === MAX_SILENCES && last.every(({ status }) => status === undefined)) {
        throw new RunEnded(`${MAX_SILENCES} questions in a row had no answer: ${answer.said}`);
      }
      if (question.hasWrongKey) return answer;
      if (answer.status === 401) throw new RunEnded(`The key was refused: 401 "${answer.said}"`);
      if (answer.status === 402) throw new RunEnded(`The account has no balance: 402 "${answer.said}"`);
      return answer;
    },
  };
}
