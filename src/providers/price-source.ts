import { type Check, group, number, refuse } from "../check-shape.ts";
import type { Price } from "../money/price.ts";

/** A price, or what it is for each of a host's models and at each time. */
export type PriceOption = Price | ((model: string, now: number) => Price | undefined);

const isAmount = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1e6;
const usd = number("US dollars from 0 to 1,000,000", isAmount);

/** What `price` may be. */
export const aPrice: Check = (value, label) => {
  if (typeof value === "function") return;
  group({ promptUsd: usd, cachedUsd: usd, completionUsd: usd })(value, label);
  const { promptUsd, completionUsd } = value as Partial<Price>;
  if (promptUsd === undefined || completionUsd === undefined)
    refuse(label, "a price with promptUsd and completionUsd, or a function that gives one", value);
};

/** The user's price where there is one, else `known`. A function that throws, or gives no price, knows none. */
export function priceSource(
  given: PriceOption | undefined,
  known: (model: string, now: number) => Price | undefined,
): (model: string, now: number) => Price | undefined {
  if (typeof given !== "function") return given ? () => given : known;
  return (model, now) => {
    try {
      const price: unknown = given(model, now);
      return isPrice(price) ? price : known(model, now);
    } catch {
      return known(model, now);
    }
  };
}

function isPrice(value: unknown): value is Price {
  const { promptUsd, cachedUsd = 0, completionUsd } = (value ?? {}) as { readonly [K in keyof Price]?: unknown };
  return [promptUsd, cachedUsd, completionUsd].every(isAmount);
}
