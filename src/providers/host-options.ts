import {
  ATTEMPT_TIMEOUTS,
  aString,
  type Check,
  checkShape,
  group,
  ofType,
  refuse,
  type Shape,
  wholeFromZero,
} from "../check-shape.ts";
import { InvalidOptionsError, MissingApiKeyError } from "../error-family.ts";
import { rateLimitShape } from "../state/rate.ts";
import { withoutUndefined } from "../without-undefined.ts";
import { aPrice, priceSource } from "./price-source.ts";
import type { Provider, ProviderOptions } from "./provider.ts";

/** A key, or a function that fetches one: it is called for every request, so it may rotate keys. */
export type ApiKey = string | (() => string | Promise<string>);

/**
 * A base URL without its closing slashes.
 * @throws InvalidOptionsError when it is no http(s) URL, holds a password, or would send a key over plain HTTP.
 */
export function checkBaseURL(name: string, baseURL: string, sendsKey: boolean): string {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InvalidOptionsError(`${name}: baseURL must be a URL that begins with https:// or http://.`);
  }
  if (url.username || url.password) {
    throw new InvalidOptionsError(`${name}: baseURL must not hold a user name or password; use apiKey.`);
  }
  if (/\/chat\/completions\/*$/.test(url.pathname)) {
    throw new InvalidOptionsError(`${name}: baseURL must end before /chat/completions, which is added to it.`);
  }
  if (/[?#]/.test(url.href)) throw new InvalidOptionsError(`${name}: baseURL must not hold a query or fragment.`);
  if (sendsKey && url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new InvalidOptionsError(`${name}: refusing to send an API key over http:// to ${url.host}; use https://.`);
  }
  // The look back keeps a run of slashes from being tried from each of them.
  return url.href.replace(/(?<!\/)\/+$/, "");
}

/** A variable of the environment, where there is one. Read late: `.env` files are often loaded after the imports. */
export function readVariable(name: string): string | undefined {
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
  try {
    return environment?.[name]?.trim() || undefined;
  } catch {
    // Deno throws where it was not allowed to read it.
    return undefined;
  }
}

export const API_KEY = ofType("a string or a function", "string", "function");

/** What is in them is checked by `checkHeaders`, which names the one that is wrong. */
export const HEADERS: Check = (value, label) => {
  if (typeof value !== "object" || value === null) refuse(label, "an object", value);
};

/** How a provider finds its key. */
export interface KeySource {
  /** Whether there is a key to be had; a function is believed to have one. */
  isKnown(): boolean;
  /** `undefined` for a host that needs none. @throws MissingApiKeyError */
  read(): Promise<string | undefined>;
  /** The host refused a request that had this key. */
  refuse(key: string | undefined): void;
  /** Whether there is another one than was refused last. A function is asked for it. */
  isNew(): Promise<boolean>;
}

/** `variable`: the environment variable to look into when no key was given. */
export function findKey(name: string, apiKey: ApiKey | undefined, variable?: string): KeySource {
  // An empty text is a variable that is not set.
  const own = typeof apiKey === "string" ? apiKey.trim() : apiKey;
  const given = () => own || (variable && readVariable(variable)) || undefined;
  const current = async () => {
    const source = given();
    return typeof source === "function" ? (await source())?.trim() : source;
  };
  let last: string | undefined;
  let refused: string | undefined;
  return {
    isKnown: () => Boolean(given()),
    // Not the one that was read last: the refusal may be of a request that was sent before somebody changed it.
    refuse(key) {
      refused = key;
    },
    isNew: () =>
      current().then(
        (key) => key !== (refused ?? last),
        () => false,
      ),
    async read() {
      const source = given();
      const key = await current();
      last = key;
      if (key || (apiKey === undefined && !variable)) return key;
      const remedy = variable ? `Set ${variable}, or pass apiKey.` : "Pass apiKey.";
      const message = source ? "its apiKey function gave no key." : `no API key. ${remedy}`;
      throw new MissingApiKeyError(`${name}: ${message}`, { provider: name });
    },
  };
}

/**
 * The fields all providers have. `shape`: the options of this one, beside those all have; `known`: the price where none is given.
 * @throws InvalidOptionsError when one is unknown or out of range.
 */
export function commonFields(
  name: string,
  options: ProviderOptions,
  shape: Shape = {},
  known: Provider["price"] = () => undefined,
): Pick<Provider, "name" | "afterRounds" | "timeouts" | "rateLimit" | "price"> {
  if (typeof name !== "string" || name === "") throw new InvalidOptionsError("A provider needs a name.");
  const common = {
    name: aString,
    afterRounds: wholeFromZero,
    timeouts: group(ATTEMPT_TIMEOUTS),
    rateLimit: group(rateLimitShape()),
    price: aPrice,
  };
  checkShape(options, name, { ...common, ...shape }, { owner: `${name}: ` });
  const { afterRounds = 0, timeouts = {}, rateLimit, price } = options;
  if (rateLimit && rateLimit.requestsPerMinute === undefined)
    throw new InvalidOptionsError(`${name}: rateLimit needs requestsPerMinute.`);
  return { name, afterRounds, timeouts: withoutUndefined(timeouts), rateLimit, price: priceSource(price, known) };
}

/** Headers that belong to the client: what they say decides who is paid, who is asked, and how the body is read. */
const OWN_HEADERS =
  /^(?:authorization|proxy-.*|cookie|host|connection|keep-alive|upgrade|expect|te|trailer|transfer-encoding|content-.*)$/;

/**
 * Headers of the caller's, with names in lower case.
 * @throws InvalidOptionsError when one of them is the client's own, or cannot be sent.
 */
export function checkHeaders(where: string, headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const prototype: unknown = Object.getPrototypeOf(headers);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new InvalidOptionsError(`${where}: headers must be a plain object, as in { "x-team": "search" }.`);
  }
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const lower = name.toLowerCase();
      if (OWN_HEADERS.test(lower))
        throw new InvalidOptionsError(`${where}: headers must not set "${lower}"; the client does.`);
      // Fetch would take `__proto__` for the prototype, and send nothing.
      const sendable = /^[!#$%&'*+.^_`|~0-9a-z-]*/.exec(lower)?.[0] ?? "";
      const isName = lower !== "" && lower !== "__proto__" && sendable === lower;
      if (!isName || typeof value !== "string" || /[^\t\x20-\x7e]/.test(value)) {
        // A whole line where the name is due holds the value too, which may be a key.
        throw new InvalidOptionsError(
          `${where}: the header "${sendable.slice(0, 40)}" cannot be sent: use printable ASCII.`,
        );
      }
      return [lower, value];
    }),
  );
}

/** The model a provider is asked for: its only one, its own name of the requested one, or the requested one. */
export function modelNames(
  only: string | undefined,
  names: Readonly<Record<string, string>> | undefined,
): (requested: string) => string {
  const map = new Map(Object.entries(names ?? {}));
  return (requested) => only ?? map.get(requested) ?? requested;
}

/** This machine or the local network, where people run models of their own. */
export function isLocal(baseURL: string): boolean {
  const { hostname } = new URL(baseURL);
  return (
    isLoopback(hostname) ||
    hostname.endsWith(".local") ||
    /^(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+$/.test(hostname)
  );
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}
