/**
 * A value of which only the beginning has come: keys may be missing at any depth, lists may be shorter, and a text, also where only some
 * are allowed, may be the beginning of one. Nothing has checked it yet.
 */
export type DeepPartial<T> = T extends string
  ? string
  : T extends readonly (infer Entry)[]
    ? readonly DeepPartial<Entry>[]
    : T extends object
      ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> }
      : T;
