import { expect, test } from "vitest";
import { keysIn, secretsIn } from "../../../src/providers/header-secrets.ts";

test.each(["api-key", "apikey", "x-goog-api-key", "x-portkey-api-key", "x-auth-token", "x-client-secret", "x-session"])(
  "what the header %s holds is a key",
  (name) => {
    expect(keysIn({ [name]: "anything" })).toEqual(["anything"]);
  },
);

test.each(["x-portkey-provider", "x-portkey-custom-host", "x-title", "http-referer"])(
  "what the header %s holds is none",
  (name) => {
    expect(keysIn({ [name]: "deepseek" })).toEqual([]);
  },
);

test("JSON in a header is looked through for fields that are called so", () => {
  const config = {
    provider: "openai",
    api_key: "one",
    targets: [{ aws: { secretAccessKey: "two" } }, { override_params: { max_tokens: 5 } }],
  };
  expect(keysIn({ "x-portkey-config": JSON.stringify(config) })).toEqual(["one", "two"]);
  expect(keysIn({ "x-list": ' [{ "token": "three" }]' })).toEqual(["three"]);
});

test("a header that only looks like JSON, or is deep beyond use, is a text like any other", () => {
  const deep = `${"[".repeat(50_000)}{"key":"x"}${"]".repeat(50_000)}`;
  expect(keysIn({ "x-a": '{"key":', "x-b": "{team}", "x-c": deep, "x-d": '["key"]' })).toEqual([]);
});

test("a long value of letters and digits may be a key, whatever its header is called; an app's name is none", () => {
  const headers = { "x-app": "My search app 2", "x-who": "team-a-0123456789abcdef", "x-key": "k" };
  expect(secretsIn(headers)).toEqual(["k", "team-a-0123456789abcdef"]);
});
