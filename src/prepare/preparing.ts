// One part: what prepares a request, and what repairs one that was refused all the same.
export { planRepair, repairAhead } from "./plan-repair.ts";
export { prepareForDeepSeek } from "./prepare-for-deepseek.ts";
