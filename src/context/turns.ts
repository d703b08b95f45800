import type { AssistantMessage, ChatMessage } from "../chat/chat-request.ts";

/** What stays or goes together: one message, or an assistant's tool calls with their results. */
export interface Step {
  readonly messages: readonly ChatMessage[];
  /** Its tokens. */
  readonly tokens: number;
  /** Whether it must stay. */
  readonly isFixed: boolean;
}

/** A question and all that came of it. What stands before the first question is a turn, too. */
export interface Turn {
  readonly steps: readonly Step[];
}

/** Tokens of a message, and whether it must stay. */
export interface Weigh {
  tokens(message: ChatMessage): number;
  isFixed(message: ChatMessage): boolean;
}

/** The conversation as turns of steps. The messages are looked at in order, and none is left out. */
export function splitTurns(messages: readonly ChatMessage[], weigh: Weigh): Turn[] {
  const turns: { steps: Step[] }[] = [];
  let isQuestion = false;
  for (let at = 0; at < messages.length; ) {
    const messagesOfStep = messages.slice(at, endOfStep(messages, at));
    const [first] = messagesOfStep;
    at += messagesOfStep.length;
    const isUser = first?.role === "user";
    let turn = turns.at(-1);
    // Several questions in a row are one.
    if (!turn || (isUser && !isQuestion)) {
      turn = { steps: [] };
      turns.push(turn);
    }
    if (first?.role !== "system") isQuestion = isUser;
    let tokens = 0;
    let isFixed = false;
    for (const message of messagesOfStep) {
      tokens += weigh.tokens(message);
      isFixed ||= message.role === "system" || weigh.isFixed(message);
    }
    turn.steps.push({ messages: messagesOfStep, tokens, isFixed });
  }
  return turns;
}

/** Tool results belong to the calls before them; those that belong to nothing stand alone. */
function endOfStep(messages: readonly ChatMessage[], from: number): number {
  let end = from + 1;
  if (callsOf(messages[from]).length > 0) while (messages[end]?.role === "tool") end += 1;
  return end;
}

/** Whether a request ended there: what follows is the model's word, or nothing yet. */
export function isRequestEnd(messages: readonly ChatMessage[], index: number): boolean {
  const next = messages[index + 1];
  return next === undefined || (next.role === "assistant" && messages[index]?.role !== "assistant");
}

export function callsOf(message: ChatMessage | undefined): NonNullable<AssistantMessage["tool_calls"]> {
  return (message?.role === "assistant" && message.tool_calls) || NONE;
}

const NONE: NonNullable<AssistantMessage["tool_calls"]> = [];
