// One part: what prepares a request, and what repairs one that was refused all the same.
export { applyRepair } from "./apply-repair.ts";
export { fitMaxTokens, shrinkMaxTokens } from "./max-tokens.ts";
export { prepareForDeepSeek } from "./prepare-for-deepseek.ts";
export { readComplaint } from "./read-complaint.ts";
export { TOOL_CHOICE_REMEDY } from "./tool-rules.ts";
