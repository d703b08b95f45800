import { ignoreRejection, raceAbort } from "../async/abort.ts";
import type { AttemptCall } from "../call.ts";
import { nameOfLookUp } from "../endpoints/endpoint.ts";
import { TimeoutError, UnexpectedResponseError } from "../error-family.ts";
import type { ResilientClientError } from "../errors.ts";
import { judgeEnding } from "../state/attempt-verdict.ts";
import { askJson } from "../transport/ask-json.ts";
import { secretsIn } from "./header-secrets.ts";
import type { KeySource } from "./host-options.ts";
import { chooseModel, type LocalModel, type ModelSource } from "./local-models.ts";
import { readKey } from "./run-attempt.ts";

/** How a host is reached. */
export interface HostLink {
  readonly name: string;
  readonly baseURL: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: KeySource;
}

/** Who looks, and with what. */
type Asker = Pick<AttemptCall, "fetch" | "clock" | "signal">;

/** Which models a local server has, as far as it was asked. */
export interface ModelFinder {
  /** The server's model that answers where this one is requested; `undefined` before the first look. */
  known(requested: string): LocalModel | undefined;
  /**
   * Looks, unless it did so lately. All who ask at the same time share one look, which ends when the last of them leaves.
   * `isRemembered`: it is not from now.
   * @throws TimeoutError, ConnectionError and the other errors of a request; the signal's own reason
   */
  find(asker: Asker): Promise<{ readonly models: readonly LocalModel[]; readonly isRemembered: boolean }>;
  /** What was found is no longer so. */
  forget(): void;
}

/** People load and unload models by hand: later than that it is worth a request of a millisecond to look again. */
const REMEMBERED_MS = 30_000;
/** A list is there at once, also while the server loads a model or answers. */
const LOOK_UP_MS = 15_000;
/** Several thousand models. */
const MAX_LIST_BYTES = 4_194_304;

/** A server's address without the path of its chat completions, for its own interface and for messages. */
export function rootOf(baseURL: string): string {
  return baseURL.replace(/\/v1$/, "");
}

/** An address without a path is a local server's root, as `OLLAMA_HOST` has it: its chat completions stand under `/v1`. */
export function addV1(baseURL: string): string {
  return /^https?:\/\/[^/?#]+\/?$/i.test(baseURL) ? `${baseURL.replace(/\/$/, "")}/v1` : baseURL;
}

export function createModelFinder(source: ModelSource, link: HostLink): ModelFinder {
  let last: readonly LocalModel[] = [];
  let memory:
    | { readonly models: readonly LocalModel[]; readonly at: number; readonly fetch: Asker["fetch"] }
    | undefined;
  let running: SharedLook | undefined;

  const look = (asker: Asker) => {
    const shared = new SharedLook(asker, (signal) => askModels(source, link, { ...asker, signal }));
    running = shared;
    const over = () => {
      if (running === shared) running = undefined;
    };
    shared.models.then((models) => {
      last = models.length > 0 ? models : last;
      // Whoever is told to load a model will do so now.
      if (running === shared && models.length > 0) memory = { models, at: asker.clock.now(), fetch: asker.fetch };
      over();
    }, over);
    return shared;
  };

  return {
    known: (requested) => chooseModel(last, requested),
    async find(asker) {
      const { clock, fetch, signal } = asker;
      const ageMs = memory ? clock.now() - memory.at : 0;
      // Another fetch may lead to another server: a proxy, or a test's.
      if (memory?.fetch === fetch && ageMs >= 0 && ageMs < REMEMBERED_MS)
        return { models: memory.models, isRemembered: true };
      const shared = running?.fetch === fetch && !running.isLeft ? running : look(asker);
      return { models: await shared.join(signal), isRemembered: false };
    },
    forget() {
      memory = undefined;
      running = undefined;
    },
  };
}

/** One look for all who wait for it. */
class SharedLook {
  readonly fetch: Asker["fetch"];
  readonly models: Promise<readonly LocalModel[]>;
  readonly #controller = new AbortController();
  #waiting = 0;

  constructor({ fetch }: Asker, look: (signal: AbortSignal) => Promise<readonly LocalModel[]>) {
    this.fetch = fetch;
    this.models = look(this.#controller.signal);
    ignoreRejection(this.models);
  }

  /** Whether nobody waits for it any more. */
  get isLeft(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Whoever aborts leaves; the others go on waiting. */
  async join(signal: AbortSignal): Promise<readonly LocalModel[]> {
    this.#waiting += 1;
    try {
      return await raceAbort(this.models, signal, () => {});
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#controller.abort();
    }
  }
}

/** Asks for all lists at once. */
async function askModels(source: ModelSource, link: HostLink, asker: Asker): Promise<readonly LocalModel[]> {
  const { name: provider, baseURL } = link;
  const { clock, fetch } = asker;
  const root = rootOf(baseURL);
  const controller = new AbortController();
  const { signal } = controller;
  const leave = () => controller.abort(asker.signal.reason);
  asker.signal.addEventListener("abort", leave, { once: true });
  const what = `${source.title} at ${root}`;
  const stop = clock.after(LOOK_UP_MS, () => {
    const message = `${what} did not say within ${LOOK_UP_MS} ms which models it has.`;
    controller.abort(new TimeoutError(message, { provider, phase: "headers" }));
  });
  try {
    const ask = async () => {
      const key = await readKey({ name: provider, key: link.key.read });
      const secrets = [...(key ? [key] : []), ...secretsIn(link.headers)];
      const headers = { ...link.headers, ...(key && { authorization: `Bearer ${key}` }) };
      const questions = source.urls(root, baseURL).map((url) => {
        const model = nameOfLookUp(new URL(url).pathname);
        return askJson({ url, headers, signal, fetch, clock, maxBytes: MAX_LIST_BYTES, provider, model, secrets });
      });
      return Promise.all(questions).catch((error: ResilientClientError) => {
        if (judgeEnding({ outcome: "failed", error }) === "account") link.key.refuse(key);
        throw error;
      });
    };
    // A fetch or key function of the user's may ignore the signal.
    const models = source.read(await raceAbort(ask(), signal, () => {}));
    if (models) return models;
    const message = `${what} gave no list of its models: correct baseURL, or say model, as in { model: "qwen3-8b" }.`;
    throw new UnexpectedResponseError(message, { provider });
  } finally {
    stop();
    asker.signal.removeEventListener("abort", leave);
    // Of two lists, the other one is not worth its bytes once the first failed.
    controller.abort();
  }
}
