import { InvalidOptionsError } from "../error-family.ts";
import type { ChatCompletions } from "./completions.ts";

/** Who is asked by the functions beside a client (`conversation`, `parse`, `runTools`): a client, or a copy made by `withOptions()`. */
export interface ChatClient {
  /** As a `ResilientClient` has it. */
  readonly chat: {
    /** Where requests are sent. */
    readonly completions: ChatCompletions;
  };
}

/** @throws InvalidOptionsError for what is no client. `where`: the function it was given to. */
export function requireClient(client: unknown, where: string): void {
  const { completions } = (client as Partial<ChatClient> | null | undefined)?.chat ?? {};
  if (typeof completions?.stream !== "function")
    throw new InvalidOptionsError(`${where}: the first argument must be a client, as made by createResilientClient().`);
}
