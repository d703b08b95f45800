import {
  contentRisk,
  contextTooLong,
  insufficientBalance,
  invalidRequest,
  noPermission,
  plainText,
  type SimulatedError,
  serverBusy,
  tooManyRequests,
  unprocessable,
  webPage,
  wrongKey,
} from "./deepseek-errors.ts";
import type { Trouble } from "./faults.ts";

/** The numbers of the recorded refusal. */
const RECORDED = { maxTokens: 1_048_565, requestedTokens: 1_250_025 };

/** What a trouble answers instead of the API; `undefined`: it lets the request through. */
export function refuseByTrouble(trouble: Trouble | undefined, key: string): SimulatedError | undefined {
  switch (trouble?.kind) {
    case "busy":
      return serverBusy(trouble.status ?? 503);
    case "rate_limited":
      return tooManyRequests(trouble.concurrencyLimit ?? 25);
    case "web_page":
      return webPage(trouble.status ?? 503);
    case "plain_text":
      return plainText(trouble.status ?? 502);
    case "authentication":
      return wrongKey(key);
    case "insufficient_balance":
      return insufficientBalance();
    case "permission":
      return noPermission();
    case "context_length": {
      const { maxTokens = RECORDED.maxTokens, requestedTokens } = trouble;
      return contextTooLong(maxTokens, requestedTokens ?? Math.max(RECORDED.requestedTokens, maxTokens + 1), 0);
    }
    case "content_filter":
      return trouble.afterTokens === undefined ? contentRisk() : undefined;
    case "invalid_request":
      return trouble.status === 422 ? unprocessable() : invalidRequest("Invalid request");
    default:
      return undefined;
  }
}
