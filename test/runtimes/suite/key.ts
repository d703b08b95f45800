/** The simulator accepts any; long enough that finding it somewhere is no chance. */
export const KEY = "sk-conformance-0123456789abcdef";
