import { defer } from "../async/deferred.ts";
import type { Delivered, Reply, Send } from "../call.ts";
import type { CallLog } from "../call-log.ts";
import type { ChatCompletionParams } from "../chat/chat-request.ts";
import { ClientClosedError } from "../error-family.ts";
import { type ErrorDetails, type PartialAnswer, ResilientClientError, restateError } from "../errors.ts";
import { loadPart, unlessAborted } from "../load-part.ts";
import { loadPreparing } from "../prepare/load-preparing.ts";
import type { Report } from "../report.ts";
import { loadHttp } from "../transport/load-http.ts";
import { type CallPlan, createCall } from "./create-call.ts";

/** What a client knows of its calls. */
export interface Sessions {
  /** The ones that are running. */
  readonly open: Set<Session>;
  isClosed: boolean;
}

/** What a session needs to send its call. */
export interface SessionPlan {
  readonly params: ChatCompletionParams;
  readonly call: CallPlan;
  readonly log: CallLog;
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined;
  readonly send: Send;
  readonly sessions: Sessions;
}

/** One call from its first moment to its last: whatever way it ends, everything is given back. */
export interface Session {
  report(): Report;
  /** Sends it; resolves at the first token. `delivered`: what its consumer was given, at any moment. */
  open(delivered: () => Delivered): Promise<Reply>;
  /** Ends it on the caller's wish: whoever waits is rejected with `reason`. */
  abort(reason: unknown): void;
  /** Ends it because the client is closed. */
  close(): void;
  isAborted(): boolean;
  /** Throws the reason, when it was aborted. */
  throwIfAborted(): void;
  /** The answer is complete. */
  succeed(): void;
  /** It failed; returns what the caller is told. */
  fail(error: unknown, partial: PartialAnswer): unknown;
  /** Settles when nothing of it is open any more. */
  readonly closed: Promise<void>;
}

export function createSession(plan: SessionPlan): Session {
  const { log, signal, sessions } = plan;
  const controller = new AbortController();
  const { promise: closed, resolve: close } = defer<void>();
  let reply: Reply | undefined;
  let isOpening = false;
  let isOver = false;
  let closing: ClientClosedError | undefined;

  const onUserAbort = () => session.abort(signal?.reason);
  const end = (outcome: "succeeded" | "failed" | "aborted", told?: unknown) => {
    if (isOver) return;
    isOver = true;
    signal?.removeEventListener("abort", onUserAbort);
    // What a function of the user's has thrown may hold anything.
    log.end(outcome, outcome === "failed" && ResilientClientError.isInstance(told) ? told : undefined);
    // The rest of a complete answer may still be read: its connection is open.
    void (reply?.closed ?? Promise.resolve()).then(() => sessions.open.delete(session)).then(() => close());
  };

  const session: Session = {
    closed,
    report: log.report,
    isAborted: () => controller.signal.aborted,
    throwIfAborted: () => controller.signal.throwIfAborted(),
    async open(delivered) {
      isOpening = true;
      if (sessions.isClosed) throw new ClientClosedError("This client was closed.");
      // Not `throwIfAborted`: a polyfilled signal may not have it.
      if (signal?.aborted) throw signal.reason;
      signal?.addEventListener("abort", onUserAbort, { once: true });
      sessions.open.add(session);
      log.start();
      reply = await send(plan, controller.signal, delivered);
      isOpening = false;
      // Aborted in the last moment: nobody will read it.
      if (controller.signal.aborted) reply.cancel();
      controller.signal.throwIfAborted();
      return reply;
    },
    close() {
      closing = new ClientClosedError("The client was closed during the call.");
      session.abort(closing);
    },
    abort(reason) {
      if (isOver) return;
      controller.abort(reason);
      // Otherwise whoever waits for `open` ends it.
      if (isOpening) return;
      reply?.cancel();
      void (reply?.closed ?? Promise.resolve()).then(() => end(reason === closing ? "failed" : "aborted", reason));
    },
    succeed: () => end("succeeded"),
    fail(error, partial) {
      // Whatever it failed with, nothing of it stays open.
      reply?.cancel();
      const isAborted = controller.signal.aborted || signal?.aborted;
      const reason: unknown = controller.signal.aborted ? controller.signal.reason : signal?.reason;
      // A closed client is a failure the caller did not ask for in this call; any other reason is the caller's own.
      const isCallers = isAborted && reason !== closing;
      const told = isCallers ? reason : explain(isAborted ? reason : error, plan, partial);
      end(isCallers ? "aborted" : "failed", told);
      return told;
    },
  };
  return session;
}

/** The validator is a third of the package, HTTP a quarter, what prepares requests a small rest: loaded together, and before a time limit runs. */
const loadParts = /* @__PURE__ */ loadPart(async () => {
  const [validation] = await Promise.all([import("../chat/validate-request.ts"), loadHttp(), loadPreparing()]);
  return validation;
});

async function send(
  { params, call, log, send }: SessionPlan,
  signal: AbortSignal,
  delivered: () => Delivered,
): Promise<Reply> {
  const parts = unlessAborted(loadParts(), signal);
  // Without a wait where they are there: it would be one in every call.
  const { validateRequest } = parts instanceof Promise ? await parts : parts;
  validateRequest(params);
  signal.throwIfAborted();
  const { stream: _, ...request } = params;
  return send(createCall(call, { request, signal, log, delivered }));
}

/** The error the caller gets: with every attempt, and with what had arrived. */
function explain(error: unknown, { log, call }: SessionPlan, shown: PartialAnswer): unknown {
  if (!ResilientClientError.isInstance(error)) return error;
  const { attempts, startedAt } = log.report();
  const details: ErrorDetails = { attempts, partial: joinPartials(shown, error.partial) };
  if (attempts.length < 2) return restateError(error, error.message, details);
  const seconds = ((call.clock.now() - startedAt) / 1000).toFixed(1);
  return restateError(error, `${error.message} Gave up after ${attempts.length} attempts in ${seconds} s.`, details);
}

/** What was shown of the answer, and what arrived with its end and was not. */
function joinPartials(shown: PartialAnswer, rest: PartialAnswer | undefined): PartialAnswer | undefined {
  const refusal = (shown.refusal ?? "") + (rest?.refusal ?? "");
  const content = shown.content + (rest?.content ?? "");
  const reasoning = shown.reasoning_content + (rest?.reasoning_content ?? "");
  if (content + reasoning + refusal === "") return undefined;
  return { content, reasoning_content: reasoning, ...(refusal && { refusal }) };
}
