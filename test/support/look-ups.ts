import type { CallPromise, LookUpOptions, ResilientClient } from "../../src/index.ts";

interface Asked {
  readonly client: ResilientClient;
}

export const BALANCE = {
  is_available: true,
  balance_infos: [{ currency: "USD", total_balance: "2.30", granted_balance: "0.00", topped_up_balance: "2.30" }],
};
export const MODELS = {
  object: "list",
  data: ["deepseek-flash", "deepseek-v4-pro"].map((id) => ({ id, object: "model", owned_by: "deepseek" })),
};

export const listModels = ({ client }: Asked, options?: LookUpOptions): CallPromise<object> =>
  client.models.list(options);
export const readBalance = ({ client }: Asked, options?: LookUpOptions): CallPromise<object> => client.balance(options);

/** Both, as a user asks for them, and what the simulator says. */
export const LOOK_UPS = [
  ["/models", MODELS, listModels],
  ["/user/balance", BALANCE, readBalance],
] as const;
