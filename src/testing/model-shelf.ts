import type { SimulatorOptions } from "./simulator-options.ts";

/** The models of a local server: what is installed, and what of it is in memory. */
export interface ModelShelf {
  readonly installed: readonly string[];
  /** Grows with what it is asked for. */
  readonly loaded: Set<string>;
  /** Whether a model that is not in memory is loaded when somebody asks for it. */
  readonly justInTime: boolean;
  /** Of what is loaded, in tokens. */
  readonly window: number;
}

/** `usual`: the model of a server nobody said anything about. */
export function createModelShelf(
  { models, loaded, justInTime = true }: SimulatorOptions,
  usual: string,
  window: number,
): ModelShelf {
  const installed = models ?? [usual];
  return { installed, loaded: new Set(loaded ?? installed), justInTime, window };
}

/** What can be asked for: what is loaded, and what would be. */
export function servable({ installed, loaded, justInTime }: ModelShelf): readonly string[] {
  return justInTime ? [...new Set([...installed, ...loaded])] : [...loaded];
}

/** By its name, as the lists of local servers tell it. */
export function isEmbedding(model: string): boolean {
  return model.includes("embed");
}
