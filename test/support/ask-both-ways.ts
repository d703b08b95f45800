import type { CallOptions, ResilientClient, ResilientClientError } from "../../src/index.ts";

/** The two ways to ask: for the answer as a whole, and piece by piece. */
export const WAYS = ["plain", "streamed"] as const;
export type Way = (typeof WAYS)[number];

/** What a caller got, however it ended. */
export interface Asked {
  /** The text that was given: all of it, or what had been delivered before the failure. */
  readonly text: string;
  /** Undefined for a success. */
  readonly error: ResilientClientError | undefined;
}

const params = { model: "deepseek-flash", messages: [{ role: "user", content: "Hello, who waits?" }] } as const;

/** Asks, and reads to the end. */
export async function ask({ chat: { completions } }: ResilientClient, way: Way, options?: CallOptions): Promise<Asked> {
  let text = "";
  const read = async () => {
    if (way === "plain") text = (await completions.create(params, options)).choices[0]?.message.content ?? "";
    else for await (const piece of completions.stream(params, options).textStream()) text += piece;
  };
  const error = await read().then(
    () => undefined,
    // Whoever compares the code of something else sees it is none of ours.
    (thrown: unknown) => thrown as ResilientClientError,
  );
  return { text, error };
}
