/**
 * A tool call as DeepSeek's models write it inside, before a server turns it into one; with the bars and blanks it was seen to
 * leak with. Quoted, it is what the text is about.
 * https://github.com/vllm-project/vllm/issues/54686, https://github.com/lsdefine/GenericAgent/issues/804,
 * https://github.com/AgentFlocks/flocks/pull/687
 */
export const MARKUP =
  /[^`'"]<(?: ?[｜|‖]{1,2} ?DSML ?[｜|‖]{1,2} ?(?:function_calls|tool_calls|tool_use|invoke|parameter)|[｜|]tool[▁_]calls?[▁_]begin)/;

/** Longer than what `MARKUP` finds, which may be split over chunks. */
const TAIL_CHARS = 32;

/** Watches the text of an answer for tool calls that were not recognized as such. Returns whether one was seen so far. */
export function createMarkupDetector(): (text: string) => boolean {
  // What stands before the first text is no quote; later the tail has what stands before a tag.
  let tail = " ";
  let isSeen = false;
  return (text) => {
    if (isSeen) return true;
    if (!tail.includes("<") && !text.includes("<")) {
      // Nearly every piece: of it only the character matters that a tag may follow.
      tail = text.at(-1) ?? tail;
      return false;
    }
    const watched = tail + text;
    isSeen = MARKUP.test(watched);
    tail = watched.slice(-TAIL_CHARS);
    return isSeen;
  };
}
