/** A message as it was sent; what is not named here is there, too. */
export interface WireMessage {
  readonly role: string;
  readonly content?: string | readonly unknown[] | null;
  readonly [field: string]: unknown;
}

/** A request body as it was sent; what is not named here is there, too. */
export interface WireBody {
  readonly model: string;
  readonly messages: readonly WireMessage[];
  readonly [field: string]: unknown;
}
