// The server of the study, and what every client of it is given.
import { type Clock, createSimulator, type Fault, type Simulator } from "../../src/testing/index.ts";
import { API_KEY, MODEL } from "../client.ts";

/** Answers at once, and how long each takes. */
const SLOTS = 8;
const SERVICE_MS = 50;
/** Right answers a second, at most. */
export const CAPACITY = (SLOTS * 1_000) / SERVICE_MS;

/** Where a client lives. */
export interface World {
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  readonly baseURL: string;
  readonly random: () => number;
}

/** One client: asks a question, and gives the answer's text or throws. */
export type Ask = (question: string) => Promise<string>;
export type CreateClient = (world: World) => Ask;

/** Times of all requests the server got, and whether it took them; milliseconds since it began. */
export type Requests = readonly { readonly atMs: number; readonly isRefused: boolean }[];

export const rightAnswer = (question: string) => `The answer to ${question}.`;

/** What is sent for a question. */
export const paramsOf = (question: string) => ({
  model: MODEL,
  messages: [{ role: "user" as const, content: question }],
});

/** A server with so many slots, where a refusal takes no time at all. `queue`: how many requests may wait in it. */
export function createStudyServer(queue: number, faults: readonly Fault[], seed: number, clock?: Clock): Simulator {
  return createSimulator({
    clock,
    seed,
    faults,
    apiKey: API_KEY,
    capacity: { slots: SLOTS, queue },
    timing: { headMs: SERVICE_MS },
    answer: ({ messages }) => ({ content: rightAnswer(String(messages.at(-1)?.content)) }),
  });
}

export const requestsOf = ({ requests }: Simulator): Requests =>
  requests.map(({ atMs, status }) => ({ atMs, isRefused: status !== 200 }));
