import { expect, test } from "vitest";
import { type OpenAICompatibleOptions, openaiCompatible } from "../../../src/providers/openai-compatible.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { makeCall } from "../../support/scripted.ts";

const lab = { name: "lab", baseURL: "https://lab.test/v1" };

test.each<[unknown, string]>([
  [{ thinkin: {} }, "lab: dialect: unknown option dialect.thinkin. Did you mean dialect.thinking?"],
  [{ thinking: { on: true } }, "lab: dialect.thinking.on must be an object of request fields, got true."],
  [{ thinking: { effort: "effort" } }, 'lab: dialect.thinking.effort must be "reasoning_effort" or "reasoning.effort"'],
  [{ thinking: { efforts: [""] } }, "lab: dialect.thinking.efforts must be a list of texts, got an array."],
  [
    { earlierThinking: "thoughts" },
    'lab: dialect.earlierThinking must be "reasoning_content" or "reasoning" or "none"',
  ],
  [{ jsonMode: true }, 'lab: dialect.jsonMode must be "json_object" or "json_schema" or "both"'],
  [{ leftOut: "seed" }, "lab: dialect.leftOut must be a list of texts"],
  [{ finishReasons: { eos: "end" } }, "lab: dialect.finishReasons must be an object of stop, length"],
  [{ failures: { Busy: "overload" } }, "lab: dialect.failures must be an object of busy, rate_limited"],
  [{ failures: ["Busy"] }, "lab: dialect.failures must be an object of busy, rate_limited"],
  [{ usage: true }, 'lab: dialect.usage must be "asked" or "unasked"'],
  [5, "lab: dialect: expected an object of options, got a value of type number."],
])("a dialect out of range is refused: %o", (dialect, message) => {
  const options = { ...lab, dialect } as OpenAICompatibleOptions;
  const error = thrownBy(() => openaiCompatible(options)) as Error;
  expect(error).toMatchObject({ code: "invalid_options" });
  expect(error.message).toContain(message);
});

test("windows may be said of each model", () => {
  const host = openaiCompatible({ ...lab, contextWindow: { small: 4_096, large: 131_072 } });
  expect(["small", "large", "other", "toString"].map(host.window)).toEqual([4_096, 131_072, undefined, undefined]);
  for (const contextWindow of [{ small: 0 }, { small: "4096" }, [4_096], "4096"])
    expect(thrownBy(() => openaiCompatible({ ...lab, contextWindow } as OpenAICompatibleOptions))).toMatchObject({
      code: "invalid_options",
    });
});

test("a key may stand in a variable of any name; where it is not set, the host is skipped", () => {
  const host = openaiCompatible({ ...lab, keyVariable: "LAB_KEY_NOBODY_SETS" });
  expect(host).toMatchObject({ usesKey: true, keyVariable: "LAB_KEY_NOBODY_SETS" });
  const request = { model: "m", messages: [{ role: "user", content: "hi" }] } as const;
  expect(host.unable(makeCall({ request }))).toBe("no_key");
});
