/** An error response in DeepSeek's own words. */
export interface SimulatedError {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

// Bodies as recorded from the real API, where a recording exists. Its `code` says `invalid_request_error` for nearly
// everything, and bodies of its deserializer come as application/octet-stream.

function envelope(status: number, message: string, type: string, code = "invalid_request_error"): SimulatedError {
  return {
    status,
    body: JSON.stringify({ error: { message, type, param: null, code } }),
    contentType: "application/json",
  };
}

export function invalidRequest(message: string): SimulatedError {
  return envelope(400, message, "invalid_request_error");
}

export function cannotDeserialize(what: string): SimulatedError {
  const message = `Failed to deserialize the JSON body into the target type: ${what}`;
  return { ...invalidRequest(message), contentType: "application/octet-stream" };
}

export function unknownModel(asked: string, models: readonly string[]): SimulatedError {
  return invalidRequest(`The supported API model names are ${models.join(" or ")}, but you passed ${asked}.`);
}

export function contextTooLong(window: number, messages: number, completion: number): SimulatedError {
  return invalidRequest(
    `This model's maximum context length is ${window} tokens. However, you requested ${messages + completion} tokens ` +
      `(${messages} in the messages, ${completion} in the completion). Please reduce the length of the messages or completion.`,
  );
}

export function wrongKey(key: string): SimulatedError {
  const said = key ? `Your api key: ****${key.slice(-4)} is invalid` : "Your api key is missing";
  return envelope(401, `Authentication Fails, ${said}`, "authentication_error");
}

export function tooManyRequests(limit: number): SimulatedError {
  const message =
    `Too many requests. Your current concurrency is ${limit + 1}, which exceeds your concurrency limit of ${limit} based on ` +
    "your remaining balance. Please top up your balance to restore your concurrency.";
  return envelope(429, message, "rate_limit_error");
}

export function serverBusy(status: number): SimulatedError {
  const message =
    "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.";
  return envelope(status, message, "service_unavailable_error", "service_unavailable_error");
}

export function notFound(): SimulatedError {
  return { status: 404, body: "404 page not found", contentType: "text/plain" };
}
