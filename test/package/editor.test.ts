import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { openInEditor } from "../support/ask-editor.ts";

const editor = openInEditor(
  join(inject("installed").app, "editor.ts"),
  `
import { createResilientClient, deepseek, exponential, ResilientClientError } from "resilient-deepseek";
import { createSimulator } from "resilient-deepseek/testing";
const client = /*createResilientClient*/createResilientClient({
  /*apiKey*/apiKey: "sk-app",
  /*profile*/profile: "patient",
  /*timeouts*/timeouts: { /*startMs*/startMs: 1, /*totalMs*/totalMs: 1, /*headersMs*/headersMs: 1, /*queueMs*/queueMs: 1 },
  /*retry*/retry: { /*maxRounds*/maxRounds: 2, /*backoff*/backoff: /*exponential*/exponential({ /*baseMs*/baseMs: 1 }) },
  /*resume*/resume: { /*maxResumes*/maxResumes: 1 },
  /*providers*/providers: [/*deepseek*/deepseek({ /*afterRounds*/afterRounds: 1 })],
  /*wire*/wire: "json",
  /*toolCalls*/toolCalls: "live",
  /*onEvent*/onEvent: (/*event*/event) => console.log(event),
  /*dangerouslyAllowBrowser*/dangerouslyAllowBrowser: true,
});
try {
  const /*answer*/answer = await client.chat.completions./*create*/create({
    /*model*/model: "deepseek-flash",
    /*messages*/messages: [],
    /*max_tokens*/max_tokens: 1,
  });
  const /*stream*/stream = client.chat.completions.stream({ model: "deepseek-flash", messages: [] });
  stream./*textStream*/textStream();
} catch (error) {
  if (!ResilientClientError.isInstance(error)) throw error;
  /*narrowed*/error;
  error./*code*/code;
  error./*retryAt*/retryAt;
  if (error.code === "timeout") error./*phase*/phase;
}
createSimulator({ /*seed*/seed: 1 });
createResilientClient({ /*options*/ });
createResilientClient({ timeouts: { /*limits*/ } });
createResilientClient({ profile: "/*profiles*/" });
client.chat.completions.create({ model: "", messages: [] }, { /*of a call*/ });
`,
);

// Where there is a default or a unit: the hover, and what it has to say of them.
test.each([
  ["apiKey", "ApiKey", "`DEEPSEEK_API_KEY`"],
  ["profile", "Profile", '"interactive"'],
  ["timeouts", "TimeoutOptions", "2 minutes to the first token"],
  ["startMs", "number", "120_000"],
  ["totalMs", "number", "`Infinity`"],
  ["headersMs", "number", "30_000"],
  ["queueMs", "number", "615_000"],
  ["retry", "RetryOptions", "`{ maxRounds: Infinity, backoff: exponential() }`"],
  ["maxRounds", "number", "`Infinity`"],
  ["backoff", "Backoff", "`exponential()`"],
  ["baseMs", "number", "500"],
  ["resume", "ResumeOptions", "`{ maxResumes: 5,"],
  ["maxResumes", "number", "5"],
  ["providers", "readonly Provider[]", "[deepseek()]"],
  ["afterRounds", "number", "0"],
  ["wire", '"stream" | "json"', '"stream"'],
  ["toolCalls", '"whole" | "live"', '"whole"'],
  ["onEvent", "(event: ClientEvent) => void", "nobody"],
  ["dangerouslyAllowBrowser", "boolean", "false"],
  ["seed", "number", "1"],
])("hovering over %s shows its meaning, its type %s and its default %s", (mark, type, byDefault) => {
  const hover = editor.hover(mark);
  expect(hover.text).toMatch(/\w{3,} .*\./s);
  expect(hover.type).toContain(type);
  expect(hover.type.split("\n")).toHaveLength(1);
  expect(hover.tags.find((tag) => tag.startsWith("@defaultValue "))).toContain(byDefault);
});

test.each([
  ["createResilientClient", "createResilientClient(options?: ClientOptions): ResilientClient", "busy server"],
  ["exponential", "exponential(options?: ExponentialOptions): Backoff", "Full jitter"],
  ["deepseek", "deepseek(options?: DeepSeekOptions): Provider", "DeepSeek's own API"],
  ["create", "options?: CallOptions): CallPromise<ChatCompletion>", "when it is complete"],
  ["model", "ChatRequest.model: ChatModel", "`deepseek-flash`"],
  ["messages", "ChatRequest.messages: readonly ChatMessage[]", "At least one"],
  ["max_tokens", "ChatRequest.max_tokens?: number", "a whole number from 1"],
  ["textStream", "ChatStream.textStream(): AsyncIterableIterator<string>", "text of the answer"],
  ["code", '"rate_limited" | "timeout"', "What went wrong, as a stable string"],
  ["retryAt", "ResilientClientError.retryAt?: number", "Milliseconds since the epoch"],
  ["phase", "phase: TimeoutPhase", "`timeouts.startMs`"],
])("hovering over %s shows %s and its meaning", (mark, type, meaning) => {
  const hover = editor.hover(mark);
  expect(hover.type).toContain(type);
  // At most the parameters of an overload are laid out.
  expect(hover.type.split("\n").length).toBeLessThanOrEqual(4);
  expect(hover.text).toContain(meaning);
});

test.each([
  ["createResilientClient", "createResilientClient(); // DEEPSEEK_API_KEY from the environment"],
  ["create", "client.chat.completions.create("],
  ["exponential", "retry: { backoff: exponential("],
  ["deepseek", "providers: [deepseek("],
  ["onEvent", "describeEvent(event)"],
])("hovering over %s shows how it is used", (mark, example) => {
  expect(editor.hover(mark).tags.find((tag) => tag.startsWith("@example "))).toContain(example);
});

test("what comes back has the name of its type, and not its fields", () => {
  expect(editor.hover("answer").type).toBe("const answer: ChatCompletion");
  expect(editor.hover("stream").type).toBe("const stream: ChatStream");
  expect(editor.hover("event").type).toBe("(parameter) event: ClientEvent");
  expect(editor.hover("narrowed").type).toBe("var error: AnyResilientClientError");
});

test("the editor offers the options, and nothing that belongs elsewhere", () => {
  const shared = [
    "profile",
    "timeouts",
    "retry",
    "resume",
    "wire",
    "toolCalls",
    "allowEmpty",
    "forcedToolChoice",
    "allowElsewhere",
    "priority",
    "hedge",
    "startWithin",
    "context",
    "guards",
    "maxCostUsd",
  ];
  const each = [...shared, "headers", "onEvent", "providers"];
  const client = [
    "apiKey",
    "baseURL",
    "fetch",
    "clock",
    "random",
    "dangerouslyAllowBrowser",
    "order",
    "breaker",
    "limits",
    "retryBudget",
    "costWindow",
    "state",
  ];
  expect(editor.completions("options")).toEqual([...each, ...client].sort());
  expect(editor.completions("of a call")).toEqual([...each, "signal"].sort());
  expect(editor.completions("profiles")).toEqual(["interactive", "patient", "batch"]);
  expect(editor.completions("limits")).toContain("startMs");
});

const MISSPELT = {
  "createResilientClient({ timeout: {} });": "Did you mean to write 'timeouts'?",
  "createResilientClient({ profil: 'batch' });": "Did you mean to write 'profile'?",
  "createResilientClient({ profile: 'pacient' });": `Did you mean '"patient"'?`,
  "createResilientClient({ timeouts: { startMS: 1 } });": "Did you mean to write 'startMs'?",
  "createResilientClient({ retry: { maxRound: 1 } });": "Did you mean to write 'maxRounds'?",
  "createResilientClient().chat.completions.stream(params, { signals: [] });": "Did you mean to write 'signal'?",
  "createResilientClient().chat.completions.stream({ ...params, max_token: 1 });":
    "Did you mean to write 'max_tokens'?",
  "createResilientClient().chat.completions.create({ ...params, max_token: 1 });":
    "Did you mean to write 'max_tokens'?",
  "createResilientClient().chat.completions.create({ ...params, messages: [{ role: 'usr', content: '' }] });": `Type '"usr"' is not assignable to type '"system" | "user" | "assistant" | "tool"'.`,
  "createSimulator({ fault: [] });": "Did you mean to write 'faults'?",
  // Too far from any of ours for TypeScript: the client itself names the right one.
  "createResilientClient({ maxRetries: 3 });": "'maxRetries' does not exist in type 'ClientOptions'",
};

test("an option that is misspelt is refused, and the right one named", () => {
  const code = `
    import { type ChatCompletionParams, createResilientClient } from "resilient-deepseek";
    import { createSimulator } from "resilient-deepseek/testing";
    declare const params: ChatCompletionParams;
    ${Object.keys(MISSPELT).join("\n")}
  `;
  const problems = openInEditor(join(inject("installed").app, "misspelt.ts"), code).problems();
  expect(problems).toEqual(Object.values(MISSPELT).map((hint) => expect.stringContaining(hint)));
});

test("what a model does not take is said in a sentence, and what is misspelt beside it in one line", () => {
  const code = `
    import { createResilientClient } from "resilient-deepseek";
    const image = { type: "image_url", image_url: { url: "https://host.example/a.png" } } as const;
    createResilientClient().chat.completions.create({ model: "deepseek-v4-pro", messages: [{ role: "user", content: [image] }] });
    createResilientClient().chat.completions.create({ model: "deepseek-v4-pro", messages: [], temprature: 1 });
  `;
  const [image = "", misspelt = "", ...others] = openInEditor(
    join(inject("installed").app, "misfit.ts"),
    code,
  ).problems();
  expect(others).toEqual([]);
  expect(image).toContain(`Property '"deepseek-v4-pro takes no images"' is missing`);
  expect(image.split("\n").length).toBe(2);
  expect(misspelt).toContain("Did you mean to write 'temperature'?");
  expect(misspelt.split("\n").length).toBe(1);
});
