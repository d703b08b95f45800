import type { PreparedPackage } from "./prepare-package.ts";
import type { CaseResult } from "./suite/conformance.ts";

export interface Stage {
  readonly prepared: PreparedPackage;
  /** The address of the server that makes the simulators. */
  readonly control: string;
  /** The cases to run. */
  readonly names: readonly string[];
  /** No runtime takes longer. */
  readonly limitMs: number;
}

/** Where the suite can run. */
export interface Runtime {
  readonly name: string;
  /** Its version; throws when it is not to be had. */
  version(): Promise<string>;
  /** Runs the cases. What is not about one case has a name of its own among the results. */
  run(stage: Stage): Promise<readonly CaseResult[]>;
}
