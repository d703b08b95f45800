import type { FunctionTool } from "../chat/chat-request.ts";
import { InvalidOptionsError } from "../error-family.ts";
import type { Tool } from "./tool.ts";

/** https://api-docs.deepseek.com/api/create-chat-completion */
const MOST_TOOLS = 128;

/** The tools of a run, by name. */
export interface ToolSet {
  readonly byName: ReadonlyMap<string, Tool>;
  /** As a request has them. */
  readonly definitions: readonly FunctionTool[];
  readonly warnings: readonly string[];
}

/** @throws InvalidOptionsError for a list that is none, is empty or too long, or has a name twice. */
export function toolSet(tools: readonly Tool[], where: string): ToolSet {
  if (!Array.isArray(tools) || tools.length === 0 || !tools.every(isTool))
    throw new InvalidOptionsError(`${where}: tools must be a list of at least one tool, as made by tool().`);
  if (tools.length > MOST_TOOLS)
    throw new InvalidOptionsError(`${where}: tools has ${tools.length}, and DeepSeek takes at most ${MOST_TOOLS}.`);
  const byName = new Map<string, Tool>();
  for (const tool of tools) {
    if (byName.has(tool.name)) throw new InvalidOptionsError(`${where}: two tools have the name "${tool.name}".`);
    byName.set(tool.name, tool);
  }
  // The server takes it for all of them or for none.
  const lax = tools.filter(({ strict }) => !strict);
  const isStrict = lax.length === 0;
  const isPartly = !isStrict && lax.length < tools.length;
  const names = lax.map(({ name }) => name).join(", ");
  return {
    byName,
    definitions: tools.map((tool) => definition(tool, isStrict)),
    warnings: isPartly ? [`Strict mode is not used, because not every tool permits it: ${names}.`] : [],
  };
}

function definition({ name, description, parameters }: Tool, isStrict: boolean): FunctionTool {
  return {
    type: "function",
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
      ...(isStrict && { strict: true }),
    },
  };
}

function isTool(entry: unknown): boolean {
  const { name, validate, execute } = (entry ?? {}) as Partial<Tool>;
  return typeof name === "string" && typeof validate === "function" && typeof execute === "function";
}
