import { loadPart } from "../load-part.ts";

/** Loaded with the first call, beside the validator: nobody waits for it behind a time limit. */
export const loadPreparing = /* @__PURE__ */ loadPart(() => import("./preparing.ts"));
