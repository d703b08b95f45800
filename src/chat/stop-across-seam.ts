/** What a text that goes on has to do with a stop sequence that began before it. */
export type StopAtSeam = "none" | "possible" | { readonly charsBefore: number };

/**
 * Whether a stop sequence runs over the seam: a server that goes on with an answer only looks at what it says itself.
 * `possible`: more of the text must come before it is known. `charsBefore`: so many of its characters stand before the seam.
 */
export function stopAtSeam(delivered: string, text: string, stops: readonly string[]): StopAtSeam {
  let isPossible = false;
  let [charsBefore, charsBehind] = [0, Number.POSITIVE_INFINITY];
  for (const stop of stops) {
    for (let before = Math.min(stop.length - 1, delivered.length); before > 0; before -= 1) {
      if (!delivered.endsWith(stop.slice(0, before))) continue;
      const rest = stop.slice(before);
      isPossible ||= rest.startsWith(text);
      // The one that is complete first has ended the answer; of two at once, the longer.
      const isFirst = rest.length < charsBehind || (rest.length === charsBehind && before > charsBefore);
      if (isFirst && text.startsWith(rest)) [charsBefore, charsBehind] = [before, rest.length];
    }
  }
  if (charsBefore > 0) return { charsBefore };
  return isPossible ? "possible" : "none";
}
