import type { CallLog } from "../call-log.ts";
import type { ErrorCode } from "../error-codes.ts";
import { isFailure, type OpenCause, type Verdict } from "./attempt-verdict.ts";
import {
  type Circuit,
  type CircuitHealth,
  type CircuitPlace,
  type CircuitSettings,
  type CircuitStateName,
  openTime,
  type Trial,
} from "./circuit.ts";
import { CircuitTrial, type TrialJudge } from "./circuit-trial.ts";
import { FailureRecord } from "./failure-record.ts";

export function createCircuit(place: CircuitPlace, settings: CircuitSettings): Circuit {
  return new CircuitState(place, settings);
}

class CircuitState implements Circuit, TrialJudge {
  readonly #place: CircuitPlace;
  readonly #settings: CircuitSettings;
  readonly #record: FailureRecord;
  #state: CircuitStateName = "closed";
  /** Changes with every opening and closing: what began in another one says nothing about this. */
  #epoch = 0;
  #until = 0;
  /** For the same cause, since it was closed. */
  #openings = 0;
  /** When it opened or last let a probe go. */
  #restsSince = 0;
  /** The same before the last probe. */
  #restedSince = 0;
  #probes = 0;
  cause: OpenCause | undefined;
  lastCode: ErrorCode | undefined;

  constructor(place: CircuitPlace, settings: CircuitSettings) {
    this.#place = place;
    this.#settings = settings;
    this.#record = new FailureRecord(settings);
  }

  get state(): CircuitStateName {
    return this.#state === "open" && this.#now() >= this.#until ? "half-open" : this.#state;
  }

  mayAsk(isOnly = false): "yes" | "probe" | "no" {
    if (this.#state === "closed") return "yes";
    return this.#now() >= this.readyAt(isOnly) ? "probe" : "no";
  }

  readyAt(isOnly = false): number {
    if (this.#state === "closed") return 0;
    const patientUntil = this.#restsSince + this.#settings.askEveryMs;
    // A probe that waits in the server's queue must not keep everybody away for as long as that takes.
    if (this.#state === "half-open") return patientUntil;
    return isOnly && this.cause !== "account" ? Math.min(this.#until, patientUntil) : this.#until;
  }

  begin(log?: CallLog, isOnly = false): Trial | undefined {
    const may = this.mayAsk(isOnly);
    if (may === "no") return undefined;
    if (may === "yes") this.#record.sent();
    else {
      this.#probes += 1;
      this.#restedSince = this.#restsSince;
      this.#restsSince = this.#now();
      if (this.#state === "open") this.#turn("half-open", log);
    }
    return new CircuitTrial(this, may === "probe", this.#epoch, log);
  }

  reset(log?: CallLog): void {
    const wasClosed = this.#state === "closed";
    this.#close();
    if (!wasClosed) this.#turn("closed", log);
  }

  adopt({ until, cause }: { readonly until: number; readonly cause: OpenCause }): void {
    const now = this.#now();
    // It may be what this one told the others: they have it to the millisecond.
    if (!(until > now && Number.isFinite(until)) || until <= this.#until + 1) return;
    // Spread once more: all processes are told this one time.
    const later = until + (until - now) * this.#settings.jitter * this.#place.random();
    if (this.#state === "closed") {
      this.#openings = 0;
      this.#rest(cause, later);
      this.#state = "open";
    } else this.#until = later;
  }

  health(): CircuitHealth {
    const { state, cause } = this;
    return { state, ...(state === "open" && { until: Math.round(this.#until) }), ...(cause && { cause }) };
  }

  headOf(trial: CircuitTrial): void {
    if (trial.epoch !== this.#epoch) return;
    if (trial.isProbe) this.#closeBy(trial);
    else this.#record.answered(trial, this.#now());
  }

  endOf(trial: CircuitTrial, verdict: Verdict, code: ErrorCode | undefined): void {
    if (trial.epoch !== this.#epoch) return;
    if (isFailure(verdict)) this.lastCode = code;
    if (trial.isProbe && trial.headAt === undefined) this.#endProbe(trial, verdict);
    else if (isFailure(verdict)) this.#noteFailure(trial, verdict);
    else if (trial.headAt === undefined) {
      if (verdict === "alive") this.#record.answered(trial, this.#now());
      else this.#record.withdrawn();
    }
  }

  #noteFailure(trial: CircuitTrial, cause: OpenCause): void {
    const now = this.#now();
    this.#record.failed(trial, now);
    // Whoever still answers some of us is not down but full: how many go at once is the concurrency limit's business.
    const isFull = cause === "load" && this.#record.silentMs(now) < this.#settings.loadSilenceMs;
    if (cause === "account" || (!isFull && this.#record.isTooMuch(now))) this.#open(cause, trial.log);
  }

  #endProbe(trial: CircuitTrial, verdict: Verdict): void {
    this.#probes -= 1;
    if (isFailure(verdict)) this.#open(verdict, trial.log);
    else if (verdict === "alive") this.#closeBy(trial);
    // Nothing is decided: the next one may go as soon as this one might.
    else if (this.#probes === 0) {
      this.#restsSince = this.#restedSince;
      this.#turn("open", trial.log);
    }
  }

  #open(cause: OpenCause, log: CallLog | undefined): void {
    const forMs = openTime(cause, cause === this.cause ? this.#openings : 0, this.#settings);
    const { jitter } = this.#settings;
    this.#rest(cause, this.#now() + forMs * (1 - jitter * this.#place.random()));
    this.#turn("open", log);
  }

  #rest(cause: OpenCause, until: number): void {
    this.#openings = cause === this.cause ? this.#openings + 1 : 1;
    this.cause = cause;
    this.#until = Math.max(this.#until, until);
    this.#restsSince = this.#now();
    this.#renew();
  }

  #closeBy(probe: CircuitTrial): void {
    this.#close();
    // What it says from here on, it says about the time after it.
    probe.epoch = this.#epoch;
    this.#record.began(probe, this.#now());
    this.#turn("closed", probe.log);
  }

  #close(): void {
    this.#until = 0;
    this.#openings = 0;
    this.cause = undefined;
    this.#renew();
  }

  #renew(): void {
    this.#epoch += 1;
    this.#probes = 0;
    this.#record.clear();
  }

  #turn(state: CircuitStateName, log: CallLog | undefined): void {
    this.#state = state;
    this.#place.onChange?.(this.health(), log);
  }

  #now(): number {
    return this.#place.clock.now();
  }
}
