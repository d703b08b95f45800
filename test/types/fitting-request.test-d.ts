import {
  type CallPromise,
  type ChatCompletion,
  type ChatCompletionParams,
  type ChatMessage,
  type ChatModel,
  type ChatRequest,
  type ChatStream,
  type ContentPart,
  createResilientClient,
  type FunctionTool,
  type ImagePart,
  type UserMessage,
} from "resilient-deepseek";
import { expectTypeOf, test } from "vitest";

declare module "resilient-deepseek" {
  interface ModelAbilities {
    "test-text-only": { images: false; tools: false };
    "test-tools-unsaid": { images: false };
  }
}

const { completions } = createResilientClient().chat;
const image = { type: "image_url", image_url: { url: "https://host.example/a.png" } } as const;
const text = { type: "text", text: "hi" } as const;
const hello = [{ role: "user", content: "hi" }] as const;
declare const tools: FunctionTool[];

test("a model that is known to take no pictures, or no tools, refuses them when it compiles", () => {
  // @ts-expect-error: no pictures
  completions.create({ model: "deepseek-v4-pro", messages: [{ role: "user", content: [text, image] }] });
  // @ts-expect-error: no pictures, among other messages and options
  completions.create({
    model: "deepseek-v4-pro",
    messages: [{ role: "system", content: "Look." }, ...hello, { role: "user", content: [image] }],
    tools,
    stream: true,
  });
  // @ts-expect-error: nor as a stream
  completions.stream({ model: "deepseek-v4-pro", messages: [{ role: "user", content: [image] }] });
  // @ts-expect-error: a picture that is no literal, of a type that is nothing else
  completions.create({ model: "deepseek-v4-pro", messages: [{ role: "user", content: [image as ImagePart] }] });
  // @ts-expect-error: a model of the app's own, without tools
  completions.create({ model: "test-text-only", messages: hello, tools });
  // @ts-expect-error: nor pictures
  completions.stream({ model: "test-text-only", messages: [{ role: "user", content: [image] }] });
  // @ts-expect-error: what is not said of it may be there, but pictures are said
  completions.create({ model: "test-tools-unsaid", messages: [{ role: "user", content: [image] }], tools });
  const either = Math.random() < 0.5 ? "deepseek-v4-pro" : "test-text-only";
  // @ts-expect-error: neither takes pictures
  completions.create({ model: either, messages: [{ role: "user", content: [image] }] });
});

test("what a model takes, and what nobody knows, compiles", () => {
  completions.create({ model: "deepseek-flash", messages: [{ role: "user", content: [text, image] }], tools });
  completions.create({ model: "deepseek-v4-pro", messages: [{ role: "user", content: [text] }], tools });
  completions.create({ model: "deepseek-v9-unheard-of", messages: [{ role: "user", content: [image] }], tools });
  completions.create({ model: "test-tools-unsaid", messages: hello, tools });
  completions.create({ model: "test-text-only", messages: hello, tools: [] });
  const either = Math.random() < 0.5 ? "deepseek-v4-pro" : "deepseek-flash";
  completions.create({ model: either, messages: [{ role: "user", content: [image] }] });
  completions.create({ model: "deepseek-v4-pro" as string, messages: [{ role: "user", content: [image] }] });
});

test("what was declared as any request, message or part is not taken for one with pictures", () => {
  const given: {
    params: ChatCompletionParams;
    request: ChatRequest;
    messages: ChatMessage[];
    users: readonly UserMessage[];
    parts: ContentPart[];
  } = JSON.parse("{}");
  const { params, request, messages, users, parts } = given;
  // Of type any.
  const anything = JSON.parse("{}");
  expectTypeOf(completions.create(params)).toEqualTypeOf<CallPromise<ChatCompletion | ChatStream>>();
  expectTypeOf(completions.create(request)).toEqualTypeOf<CallPromise<ChatCompletion>>();
  expectTypeOf(completions.stream(params)).toEqualTypeOf<ChatStream>();
  expectTypeOf(completions.stream(request)).toEqualTypeOf<ChatStream>();
  expectTypeOf(completions.create({ ...params, model: "test-text-only", stream: true })).toEqualTypeOf<
    CallPromise<ChatStream>
  >();
  expectTypeOf(completions.create({ ...request, model: "test-text-only" })).toEqualTypeOf<
    CallPromise<ChatCompletion>
  >();
  completions.create({ model: "deepseek-v4-pro", messages });
  completions.create({ model: "deepseek-v4-pro", messages: users });
  completions.create({ model: "deepseek-v4-pro", messages: [{ role: "user", content: parts }] });
  completions.create({ model: anything, messages: [{ role: "user", content: [image] }] });
  completions.create({ model: "deepseek-v4-pro", messages: anything });
  completions.create(anything);
});

test("models of the app's own are known by name", () => {
  expectTypeOf<"test-text-only">().toExtend<ChatModel>();
  expectTypeOf<Extract<ChatModel, "test-text-only">>().toEqualTypeOf<"test-text-only">();
});

test("what else is wrong is told as before", () => {
  // @ts-expect-error: a misspelt field, in a request for a model that is known
  completions.create({ model: "deepseek-flash", messages: hello, max_token: 1 });
  // @ts-expect-error: in a message
  completions.create({ model: "deepseek-flash", messages: [{ role: "user", content: "hi", nmae: "a" }] });
  const named = { nam: "x" } as const;
  // @ts-expect-error: in a tool
  completions.stream({ model: "deepseek-flash", messages: hello, tools: [{ type: "function", function: named }] });
  // @ts-expect-error: in a part
  completions.create({ model: "deepseek-flash", messages: [{ role: "user", content: [{ type: "txt", text: "hi" }] }] });
});
