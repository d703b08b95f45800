import type { ProviderCall, Reply, Send, Spending } from "../call.ts";
import { limitOf } from "../chat/answer-tokens.ts";
import type { AssistantMessage } from "../chat/chat-request.ts";
import { counterFor } from "../context/count-messages.ts";
import { estimatePrompt } from "../context/estimate-prompt.ts";
import { CostLimitError } from "../error-family.ts";
import { costOf, type Price, toPicodollars, toUsd } from "../money/price.ts";
import type { AttemptReport } from "../report.ts";
import type { CallCosts, CostWindow } from "../state/cost-account.ts";
import type { Payee } from "./cost-limit.ts";

/** What the last answer weighs in how long answers are. */
const WEIGHT = 0.2;

/** What is held by calls under way may be free again at any moment. */
const LOOK_AGAIN_MS = 1_000;

/** As `costLimit` says. */
export async function spendWithin(
  costs: CallCosts,
  payee: Payee,
  call: ProviderCall,
  next: Send<ProviderCall>,
): Promise<Reply> {
  const now = call.clock.now();
  const price = payee.price(call.model, now);
  if (!price) warnOfUnknown(costs, call);
  const estimated = estimate(call, payee);
  const promptTokens = Math.ceil(estimated * payee.state.correction.factor);
  const costUpTo = (completionTokens: number) => (price ? picodollars(promptTokens, completionTokens, price) : 0);
  if (price) refuseTooMuch(costUpTo(0), promptTokens, costs, call);
  const own = costs.call?.open(costUpTo(0));
  // Nobody knows how long an answer will be, and many may begin at once.
  const expected = costUpTo(expectedTokens(costs.window, call));
  const shared = costs.window?.account.open(expected);
  const settle = (amount: number) => {
    for (const line of [own, shared]) line?.settle(amount, call.clock.now());
  };
  const spending: Spending = {
    promptTokens,
    watch: (_, generated) => {
      const amount = costUpTo(generated.all);
      own?.hold(amount);
      shared?.hold(Math.max(expected, amount));
      if (!price || !costs.call) return undefined;
      const [total, { max }] = [costs.call.total(now), costs.call];
      return total > max ? stopped(total, max, generated.all, call) : undefined;
    },
    onEnd(attempt) {
      settle(toPicodollars(attempt.costUsd ?? 0));
      learn(attempt, estimated, costs.window, call, payee);
    },
  };
  try {
    return await next({ ...call, spending });
  } catch (error) {
    // If it never became an attempt.
    settle(0);
    throw error;
  }
}

function estimate(call: ProviderCall, { way }: Payee): number {
  const { request, continues } = call;
  const prompt = estimatePrompt(request);
  if (!continues || !way(call)) return prompt;
  const { content, reasoning } = continues;
  const begun: AssistantMessage = { role: "assistant", content, reasoning_content: reasoning };
  return prompt + counterFor().count(begun, true);
}

/** As if no cache knew anything of it: a limit errs on the safe side. */
function picodollars(promptTokens: number, completionTokens: number, price: Price): number {
  return costOf({ promptTokens, cachedTokens: 0, completionTokens }, price) ?? 0;
}

function expectedTokens(window: CostWindow | undefined, { request }: ProviderCall): number {
  return Math.min(window?.answerTokens ?? 0, limitOf(request) ?? Number.POSITIVE_INFINITY);
}

function warnOfUnknown({ unknown }: CallCosts, { provider, model, log }: ProviderCall): void {
  if (unknown.has(provider)) return;
  unknown.add(provider);
  log.warn(
    "price_unknown",
    `What ${provider} (${model}) costs is not known, so no limit holds there: give it a price.`,
  );
}

/** @throws CostLimitError */
function refuseTooMuch(prompt: number, promptTokens: number, costs: CallCosts, call: ProviderCall): void {
  const now = call.clock.now();
  const { provider, model } = call;
  const what = `${provider} (${model}) was not asked: the prompt (about ${promptTokens} tokens) would cost about ${dollars(prompt)}`;
  const before = costs.call?.total(now) ?? 0;
  if (costs.call && before + prompt > costs.call.max) {
    costs.refused.set(provider, Number.POSITIVE_INFINITY);
    const spent = before > 0 ? `, after about ${dollars(before)} for the attempts before,` : ",";
    throw new CostLimitError(
      `${what}${spent} and maxCostUsd is ${dollars(costs.call.max)}. Raise maxCostUsd, shorten the prompt (\`context\`), or use a cheaper model.`,
      { provider, model },
    );
  }
  const account = costs.window?.account;
  if (!account || account.total(now) + prompt <= account.max) return;
  const retryAt = account.fitsAt(prompt, now);
  costs.refused.set(provider, retryAt ?? now + LOOK_AGAIN_MS);
  const used = `and of the ${dollars(account.max)} of costWindow about ${dollars(account.total(now))} are spent or held for calls under way`;
  const untilFree = retryAt === undefined ? "Wait until those have ended" : "Come back at `retryAt`";
  const remedy = prompt > account.max ? "Shorten the prompt" : untilFree;
  // Others may have room for it sooner.
  const soonest = retryAt && Math.min(...[...costs.refused.values()].filter((at) => at > now));
  throw new CostLimitError(`${what}, ${used}. ${remedy}, or raise costWindow.maxCostUsd.`, {
    provider,
    model,
    retryAt: soonest,
  });
}

function stopped(total: number, max: number, tokens: number, { provider, model }: ProviderCall): CostLimitError {
  return new CostLimitError(
    `${provider} (${model}) was stopped after about ${tokens} tokens: the call has cost about ${dollars(total)}, and maxCostUsd is ${dollars(max)}. What arrived is in error.partial. Raise maxCostUsd, or set a smaller max_tokens.`,
    { provider, model },
  );
}

/** How far the estimate was off, and how long answers are: from what a server counted, and from what it was asked anew. */
function learn(
  { tokens, estimated: isGuess }: AttemptReport,
  estimated: number,
  window: CostWindow | undefined,
  { continues }: ProviderCall,
  { state }: Payee,
): void {
  if (!tokens) return;
  if (window) window.answerTokens += WEIGHT * (tokens.completionTokens - window.answerTokens);
  if (!isGuess && !continues) state.correction.learn(estimated, tokens.promptTokens);
}

/** Cents, or two digits of less than that: `$12.35`, `$0.0012`. */
function dollars(picodollars: number): string {
  const usd = toUsd(picodollars);
  const digits = usd === 0 || usd >= 1 ? 2 : Math.min(12, 1 - Math.floor(Math.log10(usd)));
  const text = usd.toFixed(digits);
  return `$${digits > 2 ? text.replace(/0$/, "") : text}`;
}
