import { type Fields, isFields } from "../parse-json.ts";
import { type Endpoint, nameOfLookUp, type Preparation } from "./endpoint.ts";

// What is looked up travels as a field of an answer without text: nothing of it is a token, or shown by an error. It is checked
// here, so that a body that is none is a failed attempt like any other.

function createLookUp(
  name: Endpoint["name"],
  path: string,
  check: (json: Fields) => Fields | string,
): Preparation<void> {
  const read: Endpoint["read"] = (body, isWhole, unexpected) => {
    // Together sends a list as it is.
    const json = Array.isArray(body) ? { data: body } : body;
    if (!isFields(json)) throw unexpected("a body that is no object");
    const found = isWhole ? check(json) : "events in place of one body";
    if (typeof found !== "string") {
      return { choices: [{ index: 0, message: { role: "assistant", found }, finish_reason: "stop" }] };
    }
    // What it says in its place is read as an error is.
    if (["error", "message", "detail", "code"].some((key) => json[key])) return { ...json, choices: null };
    throw unexpected(found);
  };
  return { endpoint: { name, path, read }, prepare: () => ({ model: nameOfLookUp(path), messages: [] }) };
}

export const models = createLookUp("models", "/models", (json) => {
  // Ollama without models has none to send.
  const data = json["data"] === null && json["object"] === "list" ? [] : json["data"];
  const isList = Array.isArray(data) && data.every((entry) => isFields(entry) && isText(entry["id"]));
  return isList ? { ...json, object: "list", data: data.map(toModel) } : "no list of models";
});

export const balance = createLookUp("balance", "/user/balance", (json) => {
  const { is_available: isAvailable, balance_infos: infos } = json;
  const isBalance = typeof isAvailable === "boolean" && Array.isArray(infos) && infos.every(isAmount);
  return isBalance ? json : "no balance";
});

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isAmount(info: unknown): boolean {
  if (!isFields(info) || !isText(info["currency"])) return false;
  return ["total_balance", "granted_balance", "topped_up_balance"].every((key) => isMoney(info[key]));
}

/** Amounts are texts: `"2.30"`. A debt is one, too. */
function isMoney(amount: unknown): boolean {
  return typeof amount === "string" && /^-?\d{1,20}(?:\.\d{1,20})?$/.test(amount);
}

/** What a known field must be; the others are passed on as they are. */
const KNOWN: Readonly<Record<string, "string" | "number">> = {
  owned_by: "string",
  created: "number",
  name: "string",
  context_window: "number",
  max_output_tokens: "number",
};

/** A known field that says nothing, or not what it should, is left out: a list is no worse for it. */
function toModel(entry: Fields): Fields {
  const fields = Object.entries(entry).filter(
    ([key, value]) => !Object.hasOwn(KNOWN, key) || typeof value === KNOWN[key],
  );
  return { ...Object.fromEntries(fields), object: "model" };
}
