/** What the estimate must be multiplied by, as servers' own counts have shown. */
export interface TokenCorrection {
  /** 1 until something was learned. */
  readonly factor: number;
  /** What a prompt was estimated at, and what a server counted. Nonsense is ignored. */
  learn(estimated: number, real: number): void;
}

/** What the last prompt weighs in the factor: their mix changes, but slowly. */
const WEIGHT = 0.5;
/** An estimate is wrong, but never so much: somebody counted something else. */
const [MIN_RATIO, MAX_RATIO] = [0.2, 5];

/** Of a shorter prompt, most is the template around it: thinking alone adds some 80 tokens that nobody sees. */
const LEAST_TOKENS = 500;

/** Corrects the estimate by `usage.prompt_tokens` of earlier requests. The first is taken whole, each later one to the half. `known`: what was learned so far. */
export function createTokenCorrection(known?: TokenCorrection): TokenCorrection {
  let isFirst = !known || known.factor === 1;
  const correction = {
    factor: known?.factor ?? 1,
    learn(estimated: number, real: number) {
      const ratio = real / estimated;
      if (!(estimated >= LEAST_TOKENS && ratio >= MIN_RATIO && ratio <= MAX_RATIO)) return;
      correction.factor = isFirst ? ratio : correction.factor + WEIGHT * (ratio - correction.factor);
      isFirst = false;
    },
  };
  return correction;
}
