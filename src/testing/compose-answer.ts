import { seededRandom } from "./seeded-random.ts";

/** An answer as the simulated model thought of it, before it is cut into tokens. */
export interface SimulatedAnswer {
  readonly reasoning: string;
  readonly content: string;
}

// Each list is one place of a sentence; each answer draws its own word for it. So every wording differs from every
// other early and often, and a splice of two of them is neither.
const OPENINGS = [
  "Certainly",
  "Of course",
  "Gladly",
  "Sure",
  "Here you go",
  "Right away",
  "With pleasure",
  "Let me see",
];
const SUBJECTS = [
  "a busy server",
  "the queue",
  "an overloaded host",
  "every request",
  "the whole fleet",
  "a patient client",
];
const VERBS = ["waits for", "depends on", "gives way to", "shares", "learns from", "keeps an eye on"];
const OBJECTS = [
  "its neighbours",
  "the next free slot",
  "a calm hour",
  "fresh connections",
  "the load of the day",
  "good timing",
];
const ASIDES = [
  "ha ha ha",
  "| a | b |\n|---|---|\n| 1 | 1 |",
  "`retry(3)`",
  "服务器繁忙，请稍后再试",
  "naïve façade, déjà vu",
  "👩🏽‍🚀🚀 and 🎉",
  "𝒳 = 𝒴 ≠ 𝒵",
  "```js\nawait sleep(500);\n```",
];
const JOINTS = ["so", "and then", "because", "while", "until", "although"];

/**
 * An answer of about so many tokens. Deterministic by `seed`; with markdown, code, repetition, Chinese and emoji, which
 * are where cutting and joining goes wrong.
 */
export function composeAnswer(seed: number, tokens: number, thinks: boolean): SimulatedAnswer {
  const random = seededRandom(seed);
  const reasoning = thinks ? composeText(random, Math.max(6, tokens / 4), "Hmm") : "";
  return { reasoning, content: composeText(random, tokens, draw(OPENINGS, random)) };
}

function composeText(random: () => number, tokens: number, opening: string): string {
  // The number makes wordings differ in their first words already.
  let text = `${opening} (${Math.floor(random() * 1e6)}): `;
  let count = splitTokens(text).length;
  while (count < tokens) {
    const sentence = `${draw(SUBJECTS, random)} ${draw(VERBS, random)} ${draw(OBJECTS, random)}`;
    const more = random() < 0.3 ? `${sentence}. ${draw(ASIDES, random)}\n\n` : `${sentence}, ${draw(JOINTS, random)} `;
    text += more;
    // A space at its end belongs to the word that follows.
    count += splitTokens(more).length - 1;
  }
  return `${text}that is all.`;
}

/** Cuts a text as a tokenizer would: short pieces, a space at the front of a word, never inside a character. */
export function splitTokens(text: string): string[] {
  return text.match(/\s?[\p{L}\p{N}]{1,6}|\s|[^\p{L}\p{N}\s]/gu) ?? [];
}

function draw(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] as string;
}
