import { addInstruction } from "../chat/add-instruction.ts";
import type { ChatMessage } from "../chat/chat-request.ts";
import { InvalidOptionsError } from "../error-family.ts";
import type { JsonSchema } from "../json-schema-of.ts";

/** What the model is told of the value. */
interface Wanted {
  readonly jsonSchema: JsonSchema;
  readonly example: unknown;
  readonly wrapper: string | undefined;
}

/**
 * The messages with the instruction at the end of the system message. DeepSeek's JSON mode wants the word "json" in the prompt, and an
 * example (https://api-docs.deepseek.com/guides/json_mode). The same schema gives the same words, so that a cache knows them.
 */
export function instruct(messages: readonly ChatMessage[], wanted: Wanted): readonly ChatMessage[] {
  // Not validated yet: anything may stand there, and is refused when it is sent.
  if (!Array.isArray(messages)) return messages;
  return addInstruction(messages, instructionOf(wanted));
}

function instructionOf({ jsonSchema, example, wrapper }: Wanted): string {
  const [what, where] = wrapper
    ? [`one JSON object {"${wrapper}": ...}`, `What stands at "${wrapper}"`]
    : ["one JSON object", "It"];
  const lines = [
    `Answer with ${what} and nothing else: no words around it, no Markdown, no comments. ${where} must fit this JSON Schema:`,
    JSON.stringify(jsonSchema),
  ];
  if (example !== undefined)
    lines.push("", "EXAMPLE JSON OUTPUT:", written(wrapper ? { [wrapper]: example } : example));
  return lines.join("\n");
}

/** @throws InvalidOptionsError */
function written(example: unknown): string {
  try {
    return JSON.stringify(example);
  } catch (cause) {
    throw new InvalidOptionsError("example cannot be written as JSON: it must be what the model is to answer.", {
      cause,
    });
  }
}

/** Whether all that fits the schema is an object, as far as the schema says so at its top: JSON mode makes nothing else. */
export function isObjectSchema(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  const { type, anyOf, oneOf } = schema as JsonSchema;
  if (type !== undefined) return type === "object";
  const either = anyOf ?? oneOf;
  return Array.isArray(either) && either.length > 0 && either.every(isObjectSchema);
}
