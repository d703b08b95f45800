import { checkCallOptions } from "../check-options.ts";
import { aClock, aFunction, milliseconds, refuseMisspelt, type Shape, wholeFromOne } from "../check-shape.ts";
import { type ChatClient, requireClient } from "../client/chat-client.ts";
import type { CallOptions } from "../client-options.ts";
import { InvalidOptionsError, InvalidRequestError } from "../error-family.ts";
import type { Tool } from "./tool.ts";
import { ToolLoop } from "./tool-loop.ts";
import { ToolStream } from "./tool-stream.ts";
import type { ToolRun, ToolRunParams } from "./tool-types.ts";

/**
 * Lets the model use tools until it answers: asks, runs what it asks for, tells it what came of that, and asks again. Each call is
 * made once, whatever retries lie below, and never from an answer that was cut.
 *
 * @example
 * const { content } = await runTools(client, { model: "deepseek-flash", messages, tools: [weather] });
 * @throws ToolStepsError when the model still asks for tools after `maxSteps` answers; it holds the messages, to go on with.
 * @throws what `chat.completions.create` throws, the abort reason when aborted, and what `onToolCall` throws.
 * @throws InvalidOptionsError for tools or limits that are wrong.
 */
export async function runTools<T extends Tool>(
  client: ChatClient,
  params: ToolRunParams<T>,
  options: CallOptions = {},
): Promise<ToolRun<T>> {
  return start("runTools", client, params, options).finalResult();
}

/**
 * The same as a stream of typed parts. It starts when it is first read.
 *
 * @example
 * for await (const part of streamTools(client, { model: "deepseek-flash", messages, tools: [weather] }).parts()) {
 *   if (part.type === "text-delta") process.stdout.write(part.text);
 *   if (part.type === "tool-result") console.log(part.name, part.input, part.output);
 * }
 * @throws InvalidOptionsError at once, for tools, limits or options that are wrong.
 */
export function streamTools<T extends Tool>(
  client: ChatClient,
  params: ToolRunParams<T>,
  options: CallOptions = {},
): ToolStream<T> {
  return start("streamTools", client, params, options);
}

function start<T extends Tool>(
  where: string,
  client: ChatClient,
  params: ToolRunParams<T>,
  options: CallOptions,
): ToolStream<T> {
  requireClient(client, where);
  if (typeof params !== "object" || params === null)
    throw new InvalidOptionsError(`${where}: the second argument must be a request with tools.`);
  if (!Array.isArray(params.messages)) throw new InvalidRequestError(`${where}: messages must be a list of messages.`);
  checkCallOptions(options);
  refuseMisspelt(params, where, Object.keys(limits()));
  for (const [key, check] of Object.entries(limits())) {
    const value = params[key as keyof ToolRunParams<T>];
    if (value !== undefined) check(value, `${where}: ${key}`);
  }
  const { stream: _, ...own } = params as ToolRunParams<T> & { readonly stream?: unknown };
  // The loop knows tools by name only; what each takes is checked by the tool itself.
  return new ToolStream(new ToolLoop(client, own as unknown as ToolRunParams, options, where));
}

const limits = (): Shape => ({
  maxSteps: wholeFromOne,
  concurrency: wholeFromOne,
  toolTimeoutMs: milliseconds,
  onToolCall: aFunction,
  clock: aClock,
});
