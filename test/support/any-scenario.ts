import { expect } from "vitest";
import {
  type CallOptions,
  createResilientClient,
  lmStudio,
  ollama,
  openaiCompatible,
  openrouter,
  type Provider,
  type ResilientClient,
  ResilientClientError,
} from "../../src/index.ts";
import type { DialectName, Simulator } from "../../src/testing/index.ts";

const KEY = "sk-secret-key-0123456789";
const params = {
  model: "deepseek-flash",
  messages: [{ role: "user", content: "hi" }],
  // Only an answer that may call tools can leak one as text.
  tools: [{ type: "function", function: { name: "look", parameters: { type: "object" } } }],
} as const;

/** The provider that speaks to a simulator of this dialect; `isNative`: on a route of its own, if it has one. */
export function providerFor(dialect: DialectName, name: string, baseURL: string, isNative = false): Provider {
  const common = { name, baseURL, model: "deepseek-flash" };
  switch (dialect) {
    case "openrouter":
      return openrouter({ ...common, model: "deepseek/deepseek-v4.1-flash", apiKey: KEY });
    case "lmStudio":
      // Its answers may begin with thinking that no tag opens.
      return lmStudio({ ...common, thinkTags: "implicit" });
    case "ollama":
      return ollama({ ...common, route: isNative ? "native" : "openai" });
    default:
      return openaiCompatible({ ...common, apiKey: KEY, keepAlives: true });
  }
}

interface Scenario {
  readonly client: ResilientClient;
  readonly simulators: readonly Simulator[];
  readonly isStream: boolean;
  readonly options: CallOptions;
}

/** Makes one call, and judges what came of it: a whole answer, a typed error with a true prefix, or the caller's reason. */
export async function callAndJudge({ client, simulators, isStream, options }: Scenario): Promise<string> {
  let seen = "";
  const call = async () => {
    if (!isStream) return client.chat.completions.create(params, options);
    const stream = client.chat.completions.stream(params, options);
    for await (const text of stream.textStream()) seen += text;
    return stream.finalChatCompletion();
  };
  try {
    const { choices } = await call();
    const text = choices[0]?.message.content ?? "";
    // What ran into a limit is an answer too, and not a whole one.
    const isTrue =
      choices[0]?.finish_reason === "length"
        ? isPrefix(simulators, text)
        : simulators.some((simulator) => simulator.isWholeAnswer(text));
    expect(isTrue, `a wrong answer: ${JSON.stringify(text)}`).toBe(true);
    if (isStream) expect(seen).toBe(text);
    return "answered";
  } catch (error) {
    if (options.signal?.aborted && error === options.signal.reason) return "aborted";
    if (!ResilientClientError.isInstance(error)) throw error;
    const partial = error.partial?.content ?? "";
    expect(isPrefix(simulators, partial), `a wrong partial: ${JSON.stringify(partial)}`).toBe(true);
    expect(isPrefix(simulators, seen), `wrong text: ${JSON.stringify(seen)}`).toBe(true);
    if (isStream) expect(partial.startsWith(seen)).toBe(true);
    return error.code;
  }
}

/** A tool call that leaks as text is part of what was said, and of no answer. */
function isPrefix(simulators: readonly Simulator[], text: string): boolean {
  const said = text.split("<｜DSML｜")[0]?.trimEnd() ?? "";
  const answers = simulators.flatMap(({ requests }) => requests.map(({ answer }) => answer?.content ?? ""));
  return said === "" || answers.some((answer) => answer.startsWith(said));
}

/** A client over simulators behind hosts of their own: `https://p0.test`, `https://p1.test`. */
export function clientOver(
  simulators: readonly Simulator[],
  dialects: readonly DialectName[],
  {
    isNative,
    ...options
  }: Omit<NonNullable<Parameters<typeof createResilientClient>[0]>, "providers" | "fetch"> & { isNative?: boolean },
): ResilientClient {
  return createResilientClient({
    ...options,
    fetch: (input, init) => {
      const { hostname } = new URL(String(input));
      return (simulators[Number(hostname.slice(1, 2))] as Simulator).fetch(input, init);
    },
    providers: dialects.map((dialect, index) => providerFor(dialect, `p${index}`, `https://p${index}.test`, isNative)),
  });
}
