import { inspect } from "node:util";
import { type ClientOptions, createResilientClient, type ResilientClient } from "../../src/index.ts";
import { createVirtualClock, type VirtualClock } from "../../src/testing/index.ts";

export const KEY = "sk-Vault/7Qm2xWd9+Lr4TzB8nKcRfYh";
export const PROMPT = "The harbour master keeps a brass lantern under the third stair.";
export const ANSWER = "Wax paper and patience are what it takes to keep a wick dry.";
export const privateParams = { model: "deepseek-flash", messages: [{ role: "user", content: PROMPT }] } as const;

const bare = KEY.slice("sk-".length);
const zeroWidth = (mark: string) => [...KEY].join(mark);

/** The forms in which a server may send a key back. */
export const KEY_FORMS: readonly (readonly [name: string, written: string])[] = [
  ["whole", KEY],
  ["without its prefix", bare],
  ["in capitals", KEY.toUpperCase()],
  ["in small letters", KEY.toLowerCase()],
  ["split by zero-width spaces", zeroWidth("\u200b")],
  ["split by byte order marks", zeroWidth("\ufeff")],
  ["split by null characters", zeroWidth("\0")],
  ["split by variation selectors", zeroWidth("\ufe0f")],
  ["split by grapheme joiners", zeroWidth("\u034f")],
  ["URL-encoded", encodeURIComponent(KEY)],
  ["in base64", btoa(KEY)],
  ["in base64 behind its scheme", btoa(`Bearer ${KEY}`)],
  ["in base64url", btoa(`api:${KEY}`).replaceAll("+", "-").replaceAll("/", "_")],
];

/** Every text that can be reached from a value: own properties of any kind, symbols, prototypes, maps, causes. */
function textsIn(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "symbol") return [String(value)];
  if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return [];
  seen.add(value);
  const texts: string[] = [];
  if (value instanceof Map || value instanceof Set) for (const entry of value) texts.push(...textsIn(entry, seen));
  for (const key of Reflect.ownKeys(value)) {
    texts.push(...textsIn(key, seen));
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    texts.push(...textsIn(descriptor?.value, seen));
    if (descriptor?.get && key !== "partial") texts.push(...textsIn(Reflect.get(value, key), seen));
  }
  return texts;
}

/** Everything a person, a logger or a debugger could print of a value. */
export function everythingOf(value: unknown): string {
  const printed = inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null });
  return [...textsIn(value), printed, JSON.stringify(value) ?? "", String(value)].join("\n");
}

const plain = (text: string) => text.replace(/[\s\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, "").toLowerCase();

/** The forms of the key that can be read out of a text. */
export function keysIn(text: string): string[] {
  const flat = plain(text);
  const encoded = [0, 1, 2].map((skip) => btoa(bare.slice(skip, skip + Math.floor((bare.length - skip) / 3) * 3)));
  const inBase64 = ["api:sk-", "Bearer sk-", "sk-"].map((before) =>
    btoa(before + bare)
      .replace(/=+$/, "")
      .slice(-20),
  );
  const url64 = inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  const forms = [bare, encodeURIComponent(bare), ...encoded, ...inBase64, ...url64];
  return forms.filter((form) => flat.includes(plain(form)));
}

/** The longest run of `secret` that stands in a text, from 16 characters. */
export function quoteIn(text: string, secret: string): string {
  let longest = "";
  for (let start = 0; start + 16 <= secret.length; start++) {
    for (let end = start + 16; end <= secret.length && text.includes(secret.slice(start, end)); end++) {
      if (end - start > longest.length) longest = secret.slice(start, end);
    }
  }
  return longest;
}

/** An error without what it may hold of the answer. */
export function withoutPartial(error: unknown): unknown {
  if (typeof error === "object" && error !== null) Reflect.deleteProperty(error, "partial");
  return error;
}

/** A client on a virtual clock whose server is a function. */
export function clientOf(
  fetch: () => Response | Promise<Response>,
  options: ClientOptions = {},
): { readonly client: ResilientClient; readonly clock: VirtualClock } {
  const clock = createVirtualClock();
  const client = createResilientClient({
    ...(options.providers ? {} : { apiKey: KEY }),
    fetch: (async () => fetch()) as typeof globalThis.fetch,
    clock,
    retry: false,
    resume: false,
    ...options,
  });
  return { client, clock };
}

/** One event of a stream that repeats a text wherever a server can put one. */
export function echoingEvent(echo: string, delta: object, finish: string | null = null, extra: object = {}): string {
  const choice = { index: 0, delta: { ...delta, note: echo }, finish_reason: finish, [echo]: echo };
  const chunk = { id: echo, object: echo, created: 1, model: echo, system_fingerprint: echo, [echo]: [echo] };
  return `data: ${JSON.stringify({ ...chunk, choices: [choice], ...extra })}\n\n`;
}

/** An error body that repeats a text wherever a server can put one. */
export function echoingError(echo: string, message = ""): object {
  const raw = JSON.stringify({ error: { message: `${message} ${echo}` } });
  const fields = { message: `${message} ${echo}`, type: echo, code: echo, param: echo, status: echo, [echo]: echo };
  return { error: { ...fields, metadata: { raw, provider_name: echo } }, request_id: echo, [echo]: echo };
}

/** Headers that repeat a text, as far as headers can hold it. */
export function echoingHeaders(echo: string): Headers {
  const headers = new Headers();
  const names = ["x-ds-trace-id", "x-request-id", "retry-after", "retry-after-ms", "date", "location", "server"];
  for (const name of names) {
    try {
      headers.set(name, echo);
    } catch {
      // What no header can hold, no header brings.
    }
  }
  return headers;
}
