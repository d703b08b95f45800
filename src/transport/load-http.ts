import { loadPart } from "../load-part.ts";

/** ky builds a Request when imported, which loads the whole HTTP stack of Node. */
export const loadHttp = /* @__PURE__ */ loadPart(() => import("./send-request.ts"));
