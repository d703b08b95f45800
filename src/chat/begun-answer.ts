/** The beginning of an answer. */
export interface BegunAnswer {
  readonly content: string;
  readonly reasoning_content: string;
  /** Whether there is something nobody can go on from: tool calls, a refusal, fields nobody knows and nothing else. */
  readonly hasOther: boolean;
  /** Of the first chunk; empty when none came. */
  readonly id: string;
  readonly created: number;
}

/** Whether a field says anything: many servers send all fields they know, without a value. */
export function isThere(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
