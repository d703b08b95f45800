import type { SimulatedRequest, SimulatorOptions } from "resilient-deepseek/testing";

/** What a case wants of its simulator; it travels as JSON. */
export interface WorldPlan {
  readonly options?: Omit<SimulatorOptions, "answer" | "clock">;
  /** What it answers, instead of words of its own. */
  readonly answer?: ReturnType<NonNullable<SimulatorOptions["answer"]>>;
  /** What stands between the client and the simulator and does something to what passes. */
  readonly front?: FrontPlan;
}

export interface FrontPlan {
  /** Every character of several bytes comes in two reads. */
  readonly splitsCharacters?: boolean;
  /** The answer is compressed, event by event. */
  readonly compresses?: boolean;
  /** Requests are sent elsewhere, with this status. */
  readonly redirects?: 302 | 307;
}

/** What the server side has seen. */
export interface Seen {
  readonly requests: readonly Pick<
    SimulatedRequest,
    "path" | "body" | "fault" | "status" | "answer" | "outcome" | "atMs"
  >[];
  /** Steps of the script that nobody asked for. */
  readonly unused: readonly unknown[];
  /** Requests that arrived where a redirect pointed. */
  readonly elsewhere: number;
}

export interface World {
  /** The base URL for a client. */
  readonly url: string;
  seen(): Promise<Seen>;
  /** Whether a text is one whole answer, character by character. */
  isWhole(text: string): Promise<boolean>;
}

/** Worlds are made by the runner: the simulator needs Node, the suite may not. */
export function createWorlds(control: string) {
  const ask = async (path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${control}${path}`, { method: "POST", body: JSON.stringify(body ?? {}) });
    const text = await response.text();
    if (!response.ok) throw new Error(`The runner answered ${response.status} to ${path}: ${text}`);
    return JSON.parse(text);
  };
  return {
    async open(plan: WorldPlan = {}): Promise<World> {
      const { path, url } = (await ask("/worlds", plan)) as { path: string; url: string };
      return {
        url,
        seen: () => ask(`${path}/seen`) as Promise<Seen>,
        isWhole: (text) => ask(`${path}/is-whole`, text) as Promise<boolean>,
      };
    },
    closedAddress: () => ask("/closed-address") as Promise<string>,
  };
}
