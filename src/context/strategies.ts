import type { AssistantMessage, ChatMessage } from "../chat/chat-request.ts";
import { clip } from "../chat/whole-characters.ts";
import { checkShape, wholeFromZero } from "../check-shape.ts";
import { type Step, splitTurns, type Turn } from "./turns.ts";

/** What a strategy is to reach, and what it needs to know. */
export interface FitGoal {
  /** So many tokens the messages may have. */
  readonly targetTokens: number;
  /** Tokens of one message; always the same for the same message. */
  countTokens(message: ChatMessage): number;
  /** Tokens of a request with these messages. */
  sumTokens(messages: readonly ChatMessage[]): number;
  /** Whether a message must stay as it is. */
  isPinned(message: ChatMessage): boolean;
  /** Whether the API wants `reasoning_content` back: a request with `tools` and thinking. */
  readonly needsThinking: boolean;
}

/**
 * A way to shorten a conversation. Gets messages that are too many, gives back fewer or smaller ones, and changes none of those it
 * was given. System messages, pinned ones and the last question must stay, in their order, and no question may follow the last one; a
 * tool call stays with its results. The client checks it.
 */
export interface ContextStrategy {
  /** For the report. */
  readonly name: string;
  /** Fewer or smaller messages; the same list, where nothing is to be done. */
  shorten(messages: readonly ChatMessage[], goal: FitGoal): readonly ChatMessage[];
}

/** Leaves out what the model thought in earlier turns, where the API does not want it back. */
export function dropReasoning(): ContextStrategy {
  return {
    name: "dropReasoning",
    shorten(messages, { needsThinking, isPinned }) {
      if (needsThinking) return messages;
      return messages.map((message, index) => {
        const { reasoning_content: thinking, ...others } = message as AssistantMessage;
        const isBare = message.role !== "assistant" || !thinking || index === messages.length - 1 || isPinned(message);
        return isBare ? message : others;
      });
    },
  };
}

/** Which results of tools are cut, and to what. */
export interface CompactToolResultsOptions {
  /** So many characters of each are kept. A whole number from 0. @defaultValue 200 */
  readonly keepCharacters?: number | undefined;
  /** The last so many results stay whole. A whole number from 0. @defaultValue 4 */
  readonly keepLast?: number | undefined;
}

/** Cuts the results of tools, the oldest first: they are the longest part of most agents' conversations, and read once. */
export function compactToolResults(options: CompactToolResultsOptions = {}): ContextStrategy {
  checkShape(options, "compactToolResults", { keepCharacters: wholeFromZero, keepLast: wholeFromZero });
  const { keepCharacters = 200, keepLast = 4 } = options;
  return {
    name: "compactToolResults",
    shorten(messages, goal) {
      let over = goal.sumTokens(messages) - goal.targetTokens;
      let old = messages.filter(({ role }) => role === "tool").length - keepLast;
      return messages.map((message) => {
        if (message.role !== "tool") return message;
        old -= 1;
        if (old < 0 || over <= 0 || goal.isPinned(message)) return message;
        const compact = compactResult(message, keepCharacters);
        const saved = goal.countTokens(message) - goal.countTokens(compact);
        if (saved <= 0) return message;
        over -= saved;
        return compact;
      });
    },
  };
}

/** More than the note takes: what was cut once is never cut again, and its note stays true. */
const NOTE_ROOM = 40;

function compactResult(message: ChatMessage, keep: number): ChatMessage {
  const { content } = message;
  if (typeof content !== "string") return { ...message, content: "[removed]" } as ChatMessage;
  if (content.length <= keep + NOTE_ROOM) return message;
  const kept = clip(content, keep);
  return { ...message, content: `${kept} [${content.length - kept.length} characters removed]` };
}

/**
 * Leaves out the oldest turns. Of the last one, the question stays, and the oldest steps go only when nothing else is left: a step
 * is a tool call with its results, or one message.
 */
export function dropOldest(): ContextStrategy {
  return {
    name: "dropOldest",
    shorten(messages, goal) {
      const turns = turnsOf(messages, goal);
      let over = goal.sumTokens([]) - goal.targetTokens;
      for (const { steps } of turns) for (const { tokens } of steps) over += tokens;
      const kept: ChatMessage[] = [];
      const keep = (step: Step) => kept.push(...step.messages);
      for (const [index, { steps }] of turns.entries()) {
        const isLast = index === turns.length - 1;
        // A turn goes as a whole, so that no question is left without its answer.
        const mayGo = over > 0;
        for (const [at, step] of steps.entries()) {
          const isNeeded = isLast && (step.messages[0]?.role === "user" || at === steps.length - 1);
          if (!mayGo || (isLast && over <= 0) || step.isFixed || isNeeded) keep(step);
          else over -= step.tokens;
        }
      }
      return kept;
    },
  };
}

/** A new chat: only what must stay, and the last question. The context flush of people who are told that the server is busy. */
export function newChat(): ContextStrategy {
  return {
    name: "newChat",
    shorten(messages, goal) {
      const turns = turnsOf(messages, goal);
      const last = turns.at(-1);
      return turns.flatMap((turn) =>
        turn.steps.filter((step) => turn === last || step.isFixed).flatMap((step) => step.messages),
      );
    },
  };
}

function turnsOf(messages: readonly ChatMessage[], { countTokens, isPinned }: FitGoal): Turn[] {
  return splitTurns(messages, { tokens: countTokens, isFixed: isPinned });
}
