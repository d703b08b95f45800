import { expect, test } from "vitest";
import { createWorld, failure } from "../support/busy-world.ts";
import { BALANCE, listModels, readBalance } from "../support/look-ups.ts";

const HOSTILE: readonly (readonly [string, unknown, unknown])[] = [
  ["no object", [7], [7]],
  ["nothing in it", {}, {}],
  ["no list", { data: "deepseek-flash" }, { is_available: true, balance_infos: "much" }],
  ["entries that are none", { data: [null] }, { is_available: true, balance_infos: [7] }],
  ["entries without a name", { data: [{ object: "model" }] }, { is_available: true, balance_infos: [{}] }],
  ["names that are none", { data: [{ id: 7 }] }, { is_available: 1, balance_infos: [] }],
  [
    "an empty name",
    { data: [{ id: "" }] },
    { ...BALANCE, balance_infos: [{ ...BALANCE.balance_infos[0], currency: "" }] },
  ],
  [
    "a number for money",
    { data: [[]] },
    { ...BALANCE, balance_infos: [{ ...BALANCE.balance_infos[0], total_balance: 2.3 }] },
  ],
  [
    "words for money",
    { data: {} },
    { ...BALANCE, balance_infos: [{ ...BALANCE.balance_infos[0], total_balance: "lots" }] },
  ],
  ["an answer of chat", { choices: [{ message: { content: "hi" }, finish_reason: "stop" }] }, { choices: [] }],
];

test.each(HOSTILE)("a body that is none is refused, and asked for once more: %s", async (_, models, balance) => {
  for (const [ask, body] of [
    [listModels, models],
    [readBalance, balance],
  ] as const) {
    let requests = 0;
    const fetch = async () => {
      requests += 1;
      return Response.json(body);
    };
    const world = createWorld({ client: { fetch } });
    const error = await failure(world.run(ask(world)));
    expect(error).toMatchObject({ code: "unexpected_response" });
    expect(requests).toBe(2);
  }
});

test("what a prototype could be made of is left out, and unknown fields are passed on", async () => {
  const body =
    '{"object":"list","__proto__":{"x":1},"more":true,"data":[{"id":"m","__proto__":{"id":"WRONG"},"constructor":"c",' +
    '"name":7,"context_window":null,"max_output_tokens":8192,"effort":{"levels":["low"]}}]}';
  const world = createWorld({ client: { fetch: async () => new Response(body) } });
  const list = await world.run(world.client.models.list());
  expect(list).toEqual({
    object: "list",
    more: true,
    data: [{ id: "m", object: "model", constructor: "c", max_output_tokens: 8192, effort: { levels: ["low"] } }],
  });
  expect(Object.getPrototypeOf(list.data[0])).toBe(Object.prototype);
  expect("x" in list).toBe(false);
});

test("an error in a 200 is the error it means, and events are no body", async () => {
  const said = async (body: string, type = "application/json") => {
    const fetch = async () => new Response(body, { headers: { "content-type": type } });
    const world = createWorld({ client: { fetch, retry: false } });
    return failure(world.run(world.client.balance()));
  };
  expect(await said('{"error":{"message":"bad key","code":401}}')).toMatchObject({ code: "authentication" });
  expect(await said('{"detail":"Too many requests"}')).toMatchObject({ code: "busy" });
  expect(await said(`data: ${JSON.stringify(BALANCE)}\n\n`, "text/event-stream")).toMatchObject({
    code: "unexpected_response",
  });
  expect(await said("<html>")).toMatchObject({ code: "busy" });
  expect(await said("[".repeat(100_000))).toMatchObject({
    code: expect.stringMatching(/stream_interrupted|unexpected/),
  });
});
