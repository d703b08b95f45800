import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChatMessage } from "../../src/chat/chat-request.ts";
import { type FittedContext, fitContext } from "../../src/context/fit-context.ts";
import type { FitOptions } from "../../src/context/fit-options.ts";
import { dropOldest } from "../../src/context/strategies.ts";
import { ContextLengthError, InvalidOptionsError } from "../../src/error-family.ts";
import { checkRules } from "../../src/testing/request-rules.ts";
import {
  arbitraryConversation,
  type Conversation,
  deepFreeze,
  freshCopy,
  isPinned,
  requestLengths,
  textsOf,
} from "../support/arbitrary-conversation.ts";
import { arbitraryFit, arbitraryShares, floorOf, prepareFit, weigh } from "../support/arbitrary-fit.ts";

const options = { numRuns: Number(process.env["PROPERTY_RUNS"] ?? 300) };

/** What becomes of it: nothing, where it cannot be short enough. */
function fitOf(messages: readonly ChatMessage[], how: FitOptions): FittedContext | undefined {
  try {
    return fitContext(messages, how);
  } catch (error) {
    expect(error).toBeInstanceOf(ContextLengthError);
    return undefined;
  }
}

function expectValid(messages: readonly ChatMessage[], request: Conversation["request"]): void {
  const body = { model: "deepseek-flash", messages, ...request };
  expect(checkRules(body, { isBeta: true, models: undefined, window: Number.POSITIVE_INFINITY })).toBeUndefined();
}

/** In the order they were said, and the same objects. */
function mustStay(messages: readonly ChatMessage[], pin: FitOptions["pin"]): ChatMessage[] {
  const question = messages.findLast(({ role }) => role === "user");
  return messages.filter((message) => message.role === "system" || message === question || pin?.(message));
}

function expectStays(before: readonly ChatMessage[], after: readonly ChatMessage[], pin: FitOptions["pin"]): void {
  const kept = new Set(after);
  const must = mustStay(before, pin);
  expect(must.filter((message) => !kept.has(message))).toEqual([]);
  const wanted = new Set(must);
  expect(after.filter((message) => wanted.has(message))).toEqual(must);
}

test("what is sent is within its budget and the API takes it: what must stay is there, calls have their results", () => {
  fc.assert(
    fc.property(arbitraryFit, ({ messages, request, options: how, total, triggerTokens }) => {
      expectValid(messages, request);
      const fitted = fitOf(messages, how);
      if (!fitted) return;
      expectStays(messages, fitted.messages, how.pin);
      expectValid(fitted.messages, request);
      expect(fitted.tokensBefore).toBe(total);
      expect(fitted.tokens).toBe(weigh(fitted.messages, request));
      expect(fitted.tokens).toBeLessThanOrEqual(how.budgetTokens);
      if (total <= triggerTokens || fitted.applied.length === 0) expect(fitted.messages).toBe(messages);
      if (total <= triggerTokens) expect(fitted.applied).toEqual([]);
    }),
    options,
  );
});

test("where it cannot be, the error names the largest messages by their place, and says no word of the conversation", () => {
  fc.assert(
    fc.property(arbitraryFit, ({ messages, options: how }) => {
      try {
        fitContext(messages, how);
      } catch (error) {
        const { message, maxTokens, requestedTokens = 0 } = error as ContextLengthError;
        expect(error).toBeInstanceOf(ContextLengthError);
        expect(maxTokens).toBe(how.budgetTokens);
        expect(requestedTokens).toBeGreaterThan(how.budgetTokens);
        for (const text of textsOf(messages)) if (text.length > 3) expect(message).not.toContain(text);
        const named = [...message.matchAll(/messages\[(\d+)\] \((\w+), about (\d+)\)/g)];
        // What a strategy made is in no place of theirs.
        expect(named.length + message.split("a shortened message").length).toBeGreaterThan(1);
        for (const [, index, role] of named) expect(messages[Number(index)]?.role).toBe(role);
      }
    }),
    options,
  );
});

test("nothing that was given is changed, and the same conversation gives the same, whoever holds it", () => {
  fc.assert(
    fc.property(arbitraryFit, ({ messages, options: how }) => {
      const copy = freshCopy(messages);
      const fitted = fitOf(deepFreeze(messages), how);
      expect(messages).toEqual(copy);
      expect(fitOf(messages, how)).toEqual(fitted);
      expect(fitOf(copy, how)).toEqual(fitted);
      expect(fitOf(copy, how)?.applied).toEqual(fitted?.applied);
    }),
    options,
  );
});

test("a conversation that was fitted as it grew, or looked at in between, is what it is when it is fitted at once", () => {
  const odd = fc.array(fc.nat(60), { maxLength: 8 });
  fc.assert(
    fc.property(arbitraryFit, fc.option(odd), ({ messages, options: how }, some) => {
      const each = some ? [...requestLengths(messages), ...some] : messages.map((_, index) => index);
      for (const length of each) {
        // Half a turn may be no conversation, and refused.
        try {
          fitContext(messages.slice(0, length), how);
        } catch {}
      }
      expect(fitOf(messages, how)).toEqual(fitOf(freshCopy(messages), how));
    }),
    options,
  );
});

test("a message that was edited in place, or pinned later, counts as if it had always been so", () => {
  const growing = fc.tuple(arbitraryConversation, arbitraryShares, fc.nat(), fc.nat());
  fc.assert(
    fc.property(growing, ([conversation, shares, edited, pinned]) => {
      const { messages } = conversation;
      const pins = new Set<ChatMessage>();
      const { options: how } = prepareFit(conversation, shares, { pin: (message) => pins.has(message) });
      fitOf(messages, how);
      const message = messages[edited % messages.length] as { content: unknown };
      if (typeof message.content === "string") message.content += " and so on".repeat(30);
      pins.add(messages[pinned % messages.length] as ChatMessage);
      const afresh = freshCopy(messages);
      const pin = (one: ChatMessage) => pins.has(messages[afresh.indexOf(one)] as ChatMessage);
      expect(fitOf(messages, how)).toEqual(fitOf(afresh, { ...how, pin }));
    }),
    options,
  );
});

test("what was sent stays the beginning of what is sent, until it is full; a cut goes as deep as it was told, if it can", () => {
  const growing = fc.tuple(arbitraryConversation, arbitraryShares, fc.boolean());
  fc.assert(
    fc.property(growing, ([conversation, shares, pins]) => {
      const fit = prepareFit(conversation, shares, {
        strategies: [dropOldest()],
        ...(pins && { pin: isPinned }),
      });
      const { messages, request, options: how, triggerTokens, targetTokens } = fit;
      let last: { length: number; fitted: FittedContext } | undefined;
      for (const length of requestLengths(messages)) {
        const now = messages.slice(0, length);
        const fitted = fitOf(now, how);
        const added = last && messages.slice(last.length, length);
        const overhead = weigh([], request);
        const grown = last && added ? last.fitted.tokens + weigh(added, request) - overhead : Number.POSITIVE_INFINITY;
        if (fitted && last && added && grown <= triggerTokens) {
          expect(fitted.tokens).toBe(grown);
          const expected = [...last.fitted.messages, ...added];
          expect(fitted.messages.length).toBe(expected.length);
          expect(fitted.messages.every((message, index) => message === expected[index])).toBe(true);
        } else if (fitted && last && fitted.tokensBefore > triggerTokens) {
          expect(fitted.tokens).toBeLessThanOrEqual(Math.max(targetTokens, floorOf(now, how)));
        }
        last = fitted && { length, fitted };
      }
    }),
    options,
  );
});

test("a function of your own keeps the rules, or is refused by its name", () => {
  // Leaves messages out, or exchanges two neighbours.
  const bits = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(arbitraryFit, bits, fc.nat(), fc.boolean(), ({ messages, request, options: how }, kept, at, isSwap) => {
      const shorten = (given: readonly ChatMessage[]) => {
        if (!isSwap) return given.filter((_, index) => kept[index % kept.length]);
        const place = at % Math.max(1, given.length - 1);
        return [...given.slice(0, place), ...given.slice(place, place + 2).toReversed(), ...given.slice(place + 2)];
      };
      const strategies = [{ name: "mine", shorten }];
      try {
        const fitted = fitContext(messages, { ...how, strategies });
        expectStays(messages, fitted.messages, how.pin);
        expectValid(fitted.messages, request);
      } catch (error) {
        if (error instanceof ContextLengthError) return;
        expect(error).toBeInstanceOf(InvalidOptionsError);
        expect((error as Error).message).toMatch(/^context: the strategy mine left/);
      }
    }),
    options,
  );
});
