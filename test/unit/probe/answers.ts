import type { Answer } from "../../../probe/answer.ts";

/** An answer as the wire would have brought it. */
export function answer(status: number | undefined, more: Partial<Answer> = {}): Answer {
  const path = "/chat/completions";
  const nothing = { headers: {}, json: undefined, events: [], keepAlives: [], said: "", isLeft: false };
  return { path, status, ...nothing, ...more };
}

/** A refusal in words. */
export function refusal(said: string, status = 400): Answer {
  const json = { error: { message: said, type: "invalid_request_error", param: null, code: "invalid_request_error" } };
  return answer(status, { said, json, headers: { "content-type": "application/json" } });
}

/** A whole answer: what its message and its usage hold. */
export function success(message: object = { content: "ok" }, usage: object = {}, more: object = {}): Answer {
  const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason: "length" }];
  return answer(200, { json: { model: "deepseek-flash", choices, usage, ...more } });
}

/** A streamed answer: a delta for each chunk, then what is given. */
export function stream(deltas: readonly object[], ...rest: readonly unknown[]): Answer {
  const events = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }));
  return answer(200, { events: [...events, ...rest] });
}

export function finish(usage?: object, reason = "stop"): object {
  return { choices: [{ index: 0, delta: { content: "" }, finish_reason: reason }], ...(usage && { usage }) };
}

/** Answers of which the usage alone counts. */
export function counts(field: string, ...values: readonly number[]): Answer[] {
  return values.map((value) =>
    success({ content: "" }, { [field]: value, ...(field !== "prompt_tokens" && { prompt_tokens: 1_000 }) }),
  );
}
