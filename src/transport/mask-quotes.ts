import type { ChatRequest } from "../chat/chat-request.ts";

/** So many characters in a row that stand in both are a quote, and no chance. */
const QUOTE_CHARS = 16;

/** Replaces what a server's text quotes of the conversation. */
export function maskQuotes(text: string, messages: ChatRequest["messages"] = []): string {
  let masked = text;
  for (const said of messages.flatMap(textsOf)) masked = maskBothForms(said, masked);
  return masked;
}

function textsOf(message: ChatRequest["messages"][number]): string[] {
  const texts: string[] = [];
  collectTexts(message, texts, 0);
  return texts.filter((text) => text.length >= QUOTE_CHARS);
}

/** Gateways quote what they were answered as JSON: there, quotation marks and line breaks are other characters. */
function maskBothForms(said: string, text: string): string {
  const plain = maskQuotesOf(said, text);
  const inJson = JSON.stringify(said).slice(1, -1);
  if (inJson === said) return plain;
  const escaped = maskQuotesOf(inJson, text);
  // The form it was quoted in finds the longer quotes; the other one, what is left in between.
  return plain.length <= escaped.length ? maskQuotesOf(inJson, plain) : maskQuotesOf(said, escaped);
}

/** Every text in a message: its content, parts, thinking and arguments. */
function collectTexts(value: unknown, texts: string[], depth: number): void {
  if (typeof value === "string") texts.push(value);
  else if (typeof value === "object" && value !== null && depth < 6) {
    for (const inner of Object.values(value)) collectTexts(inner, texts, depth + 1);
  }
}

/** Looks at every eighth place only: a quote of 16 characters and more has eight in a row that begin at one of them. */
function maskQuotesOf(said: string, text: string): string {
  let masked = "";
  let from = 0;
  for (let at = 0; at + STEP <= text.length; at += STEP) {
    if (at < from) continue;
    const quote = longestQuote(said, text, at, from);
    if (!quote) continue;
    // The blank before it is not part of it.
    const start = /\s/.test(text[quote.start] ?? "") ? quote.start + 1 : quote.start;
    masked += `${text.slice(from, start)}[…]`;
    from = quote.end;
  }
  return masked + text.slice(from);
}

const STEP = QUOTE_CHARS / 2;
/** How many places of a conversation a piece is compared at: one that is everywhere in it is no secret. */
const MAX_PLACES = 64;

function longestQuote(
  said: string,
  text: string,
  at: number,
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  let best: { readonly start: number; readonly end: number } | undefined;
  const piece = text.slice(at, at + STEP);
  let place = said.indexOf(piece);
  for (let tries = 0; place >= 0 && tries < MAX_PLACES; tries += 1, place = said.indexOf(piece, place + 1)) {
    let start = at;
    let end = at + STEP;
    while (start > from && place - (at - start) > 0 && text[start - 1] === said[place - (at - start) - 1]) start -= 1;
    while (end < text.length && text[end] === said[place + (end - at)]) end += 1;
    if (end - start >= QUOTE_CHARS && end - start > (best ? best.end - best.start : 0)) best = { start, end };
  }
  return best;
}
