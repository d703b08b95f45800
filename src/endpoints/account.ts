/** A model that a provider has. What the provider says beyond these fields is passed on as it is. */
export interface Model {
  /** What a request calls it. */
  readonly id: string;
  readonly object: "model";
  readonly owned_by?: string;
  /** Seconds since the epoch. */
  readonly created?: number;
  readonly name?: string;
  /** In tokens. */
  readonly context_window?: number;
  /** In tokens. */
  readonly max_output_tokens?: number;
  readonly [field: string]: unknown;
}

/** The models of one provider. Names that it accepts, but has retired, are not among them. */
export interface ModelList {
  readonly object: "list";
  readonly data: readonly Model[];
}

/** What is left on an account. */
export interface Balance {
  /** Whether it is enough for requests. */
  readonly is_available: boolean;
  /** One entry a currency. Amounts are texts, as in `"2.30"`: numbers would round them. */
  readonly balance_infos: readonly {
    readonly currency: "USD" | "CNY" | (string & {});
    readonly total_balance: string;
    /** Of it a gift, which is spent first. */
    readonly granted_balance: string;
    readonly topped_up_balance: string;
  }[];
}
