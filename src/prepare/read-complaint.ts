import type { ResilientClientError } from "../errors.ts";
import { wordsOf } from "../server-words.ts";
import { isRetired } from "./model-names.ts";

/** What a 400 said is wrong with the request, and what it says to do about it. */
export type Complaint =
  | { readonly rule: "reasoning" | "forced-tool-choice" | "developer-role" | "content-null" | "json-mode" }
  /** The retired name, and the server's name of the model it means now. */
  | { readonly rule: "model-names"; readonly from: string; readonly to: string }
  | { readonly rule: "max-tokens"; readonly most: number };

/** DeepSeek's own sentences, as they were seen; a gateway passes them on, some without the backticks. */
const SENTENCES: readonly (readonly [Exclude<Complaint["rule"], "model-names" | "max-tokens">, RegExp])[] = [
  ["reasoning", /The `?reasoning_content`? in the thinking mode must be passed back to the API/],
  ["reasoning", /Missing `?reasoning_content`? field in the assistant message at message index \d{1,6}/],
  ["forced-tool-choice", /(?:Thinking mode|deepseek-reasoner) does not support this tool_choice/],
  ["developer-role", /messages\[\d{1,6}\]\.role: unknown variant `developer`, expected one of `system`[`\w, ]{0,120}/],
  ["content-null", /(?:Invalid assistant message: )?content or tool_calls must be set/],
  ["json-mode", /This response_format type is unavailable now/],
  ["json-mode", /response_format: response_format\.type `json_schema` is unavailable now/],
];
const MODELS =
  /The supported API model names are ([\w./:-]{1,80}(?:(?:, | or |, or )[\w./:-]{1,80}){0,5}),? but you passed ([\w./:-]{1,80}\w)/;
const RANGE = /Invalid max_tokens value, the valid range of max_tokens is \[1, (\d{1,9})\]/;

/** The error's own words are no longer than that. */
const MAX_CHARS = 600;

/**
 * What a 400 complains about, if that is exactly one of the known things. The sentence must be the server's own: at the
 * beginning of what it said, or behind the names of those who passed it on. Behind a quotation mark, or a quote of the conversation
 * (which is masked), it is somebody else's.
 */
export function readComplaint(error: ResilientClientError): Complaint | undefined {
  const said = error.status === 400 && wordsOf(error)?.slice(0, MAX_CHARS);
  return said ? (complaintIn(said) ?? complaintIn(innerMessage(said))) : undefined;
}

function complaintIn(said: string): Complaint | undefined {
  const rule = SENTENCES.find(([, sentence]) => ownWords(said, sentence))?.[0];
  if (rule) return { rule };
  const range = ownWords(said, RANGE);
  if (range) return { rule: "max-tokens", most: Math.max(1, Number(range[1])) };
  const models = ownWords(said, MODELS);
  const from = models?.[2] ?? "";
  if (!isRetired(from)) return undefined;
  const names = models?.[1]?.split(/, or |, | or /) ?? [];
  // The name of now, or the one before it.
  const to = ["deepseek-flash", "deepseek-v4-flash"].find((name) => name !== from && names.includes(name));
  return to === undefined ? undefined : { rule: "model-names", from, to };
}

/** Where the sentence stands, if it stands alone: only names before it, and nothing that goes on with it behind. */
function ownWords(said: string, sentence: RegExp): RegExpExecArray | undefined {
  const found = sentence.exec(said);
  if (!found) return undefined;
  const before = said.slice(0, found.index);
  const behind = said.slice(found.index + found[0].length);
  const isPassedOn =
    before === "" || (before.length <= 160 && /[:\])]\s$/.test(before) && !/["'`“”‘’«»…]/.test(before));
  return isPassedOn &&
    /^\.?(?:$|…$|\s?[([{\\"}]| at line \d|\. For more information| For more information)/.test(behind)
    ? found
    : undefined;
}

/** The message of an error that was passed on as JSON inside of another one, its quotation marks escaped or not. */
function innerMessage(said: string): string {
  const start = /"message\\{0,7}":\s?\\{0,7}"/.exec(said);
  if (!start) return "";
  const inner = said.slice(start.index + start[0].length);
  return /^[^"\\]*/.exec(inner)?.[0] ?? "";
}
