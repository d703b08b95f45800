import { InvalidRequestError } from "../error-family.ts";

/** @throws InvalidRequestError when no turn has failed. */
export function requireFailed<T>(failed: T | undefined): T {
  if (!failed)
    throw new InvalidRequestError("No turn of this conversation has failed, so there is nothing to repeat or keep.");
  return failed;
}
