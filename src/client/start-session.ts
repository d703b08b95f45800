import type { Clock } from "../async/clock.ts";
import type { Send } from "../call.ts";
import { createCallLog } from "../call-log.ts";
import type { ChatCompletionParams } from "../chat/chat-request.ts";
import { copyRequest, expectsEmpty } from "../chat/copy-request.ts";
import type { Preparation } from "../endpoints/endpoint.ts";
import type { TextCompletionParams } from "../endpoints/text-completion.ts";
import { loadPart } from "../load-part.ts";
import type { UsageBook } from "../money/usage-book.ts";
import { loadPreparing } from "../prepare/load-preparing.ts";
import type { Settings } from "../settings.ts";
import { loadHttp } from "../transport/load-http.ts";
import { createSession, type Session, type SessionPlan, type Sessions } from "./session.ts";

/** How the calls of one endpoint begin. */
export interface Opening<P> {
  readonly load: SessionPlan<P>["load"];
  /** A copy: what the caller changes later belongs to the next call. */
  copy(params: P): P;
  /** Whether nothing is an answer, too. */
  mayBeEmpty(params: P): boolean;
  /** It is looked up: as one body, without text, whatever is said of answers. */
  readonly isLookUp?: true;
}

/** The validator is a third of the package, and HTTP a quarter: loaded together, and before a time limit runs. */
const withHttp = <P>(load: () => Promise<Preparation<P>>) =>
  loadPart(async () => (await Promise.all([load(), loadHttp()]))[0]);

export const CHAT: Opening<ChatCompletionParams> = {
  load: /* @__PURE__ */ withHttp(async () => {
    // What prepares requests comes with it.
    const [{ validateRequest }] = await Promise.all([import("../chat/validate-request.ts"), loadPreparing()]);
    return {
      endpoint: undefined,
      prepare(params) {
        validateRequest(params);
        const { stream: _, ...request } = params;
        return request;
      },
    };
  }),
  copy: copyRequest,
  mayBeEmpty: (params) => expectsEmpty(params ?? {}),
};

/** Also what makes text of chat's answers. */
export const loadFim = /* @__PURE__ */ loadPart(() => import("../endpoints/fim.ts"));
export const FIM: Opening<TextCompletionParams> = {
  load: /* @__PURE__ */ withHttp(async () => (await loadFim()).fim),
  copy: (params) => ({ ...params }),
  mayBeEmpty: () => true,
};

/** Nothing is given, and nothing is to be copied. */
const lookedUp = (load: () => Promise<Preparation<void>>): Opening<void> => {
  return { load: withHttp(load), copy: () => {}, mayBeEmpty: () => true, isLookUp: true };
};

const lookUps = () => import("../endpoints/look-ups.ts");
export const MODELS: Opening<void> = /* @__PURE__ */ lookedUp(async () => (await lookUps()).models);
export const BALANCE: Opening<void> = /* @__PURE__ */ lookedUp(async () => (await lookUps()).balance);

/** What all calls of a client have in common. */
export interface Surroundings {
  /** `undefined`: the platform's, as it is when a call begins. */
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sessions: Sessions;
  /** What all calls have used; what is looked up costs nothing. */
  readonly usage: UsageBook;
}

export function startSession<P>(
  { fetch, clock, random, sessions, usage }: Surroundings,
  { settings, send }: { readonly settings: Settings; readonly send: Send },
  opening: Opening<P>,
  params: P,
  signal: AbortSignal | undefined,
): Session {
  const id = `call_${Math.floor(random() * 2 ** 48).toString(36)}`;
  const call = {
    id,
    wire: opening.isLookUp ? "json" : settings.wire,
    toolCalls: settings.toolCalls,
    allowEmpty: opening.isLookUp ?? settings.allowEmpty ?? opening.mayBeEmpty(params),
    providers: settings.providers,
    headers: settings.headers,
    fetch: fetch ?? globalThis.fetch,
    clock,
    random,
    priority: settings.priority,
    forcedToolChoice: settings.forcedToolChoice,
  } as const;
  const log = createCallLog(id, clock, settings.onEvent, opening.isLookUp ? undefined : usage);
  return createSession({ params: opening.copy(params), load: opening.load, call, log, signal, send, sessions });
}
