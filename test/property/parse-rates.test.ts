import { expect, test } from "vitest";
import * as z from "zod";
import { type CallOptions, parse, ResilientClientError, streamParse } from "../../src/index.ts";
import { type Fault, seededRandom } from "../../src/testing/index.ts";
import { createLoadWorld } from "../support/load-world.ts";

const CALLS = Number(process.env["PARSE_CALLS"] ?? 1_000);
const TIME_LIMIT = 300_000;

const order = z.object({
  id: z.number(),
  note: z.string(),
  items: z.array(z.object({ name: z.string(), count: z.number() })),
});
type Order = z.infer<typeof order>;

/** What is right for one call, full of what JSON, fences and tokens trip over. */
function orderOf(id: number): Order {
  const random = seededRandom(id + 1);
  const words = [
    "{brace}",
    'a "quote"',
    "back\\slash",
    "```",
    "naïve 👩🏽‍🚀",
    "服务器繁忙",
    "it's",
    "[1]",
    "line\nbreak",
    "",
  ];
  const word = () => words[Math.floor(random() * words.length)] as string;
  const items = Array.from({ length: 1 + Math.floor(random() * 5) }, () => ({
    name: `${word()} ${word()}`,
    count: Math.floor(random() * 100),
  }));
  return { id, note: word(), items };
}

/** The same value, said as models say it. */
const WAYS: readonly ((text: string, value: Order) => string)[] = [
  (text) => `\`\`\`json\n${text}\n\`\`\``,
  (text) => `Sure! Here is the order [1] for {customer}:\n\n${text}`,
  (text) => `${text}\n\nLet me know if you need more {things}.`,
  (_, value) => JSON.stringify(value, undefined, 2),
  (text) => text.replace(/\]\}$/, ",],}"),
  (text) => `\ufeff${text}${"\n".repeat(200)}`,
];
/** What is no answer, or not the right one. */
const SPOILED: readonly ((text: string, value: Order, random: () => number) => string)[] = [
  () => "",
  () => " \n\n \n",
  (text, _, random) => text.slice(0, Math.floor(random() * text.length)),
  (text, _, random) => `\`\`\`json\n${text.slice(0, Math.floor(random() * text.length))}`,
  (_, value) => JSON.stringify({ ...value, id: String(value.id) }),
  (_, { id, note }) => JSON.stringify({ id, note }),
  (_, value) => JSON.stringify([value]),
  (text, value) => `An example: ${JSON.stringify({ ...value, id: -1 })}. And yours: ${text}`,
  (text) => text.replace(",", ""),
  (text) => `{"result": ${text}}`,
  (_, value) => `{"order": ${JSON.stringify({ ...value, id: -1 })}, oops}`,
  (_, value) => JSON.stringify({ ...value, items: [] }).replace("[]", "[ /* and so on */ ]"),
  () => "I cannot do that.",
];

const FAULTS: readonly Fault[] = [
  { kind: "busy", rate: 0.08 },
  { kind: "rate_limited", retryAfterMs: 2_000, rate: 0.03 },
  { kind: "cut", rate: 0.12 },
  { kind: "stall", rate: 0.03 },
  { kind: "end", rate: 0.03 },
  { kind: "finish", rate: 0.03 },
  { kind: "in_stream_error", rate: 0.03 },
  { kind: "empty", what: "nothing", rate: 0.03 },
  { kind: "empty", what: "whitespace", rate: 0.03 },
  { kind: "empty", what: "reasoning", rate: 0.03 },
];

function createShop(seed: number) {
  const random = seededRandom(seed);
  const draw = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const answer = ({ messages }: { readonly messages: readonly unknown[] }) => {
    const asked = messages
      .map((message) => String((message as { content?: unknown }).content))
      .find((text) => text.startsWith("Order "));
    const value = orderOf(Number(asked?.slice("Order ".length)));
    const text = JSON.stringify(value);
    const chance = random();
    const content = chance < 0.5 ? text : chance < 0.8 ? draw(WAYS)(text, value) : draw(SPOILED)(text, value, random);
    return { content };
  };
  return createLoadWorld(
    [
      { answer, faults: FAULTS },
      { answer, faults: FAULTS, afterRounds: 1 },
    ],
    {},
    { seed },
  );
}

test(
  "malformed answers, busy servers and cuts: every call ends with the right value or a typed error, never with a wrong value",
  async () => {
    const outcomes = new Map<string, number>();
    for (let id = 0; id < CALLS; id += 1) {
      // A world for each: a simulated host goes on with any answer it has given that begins so.
      const { client, clock, hosts } = createShop(1 + id);
      const outcome = await clock.run(judge(client, id));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await clock.advance(5_000);
      expect(clock.pending).toBe(0);
      for (const { stats } of hosts) expect(stats.inFlight).toBe(0);
    }
    const right = outcomes.get("right") ?? 0;
    expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBe(CALLS);
    // One call in ten must not go on where it broke off, and one answer in five is of no value: three in a row are one in a hundred.
    expect(right / CALLS, JSON.stringify([...outcomes])).toBeGreaterThan(0.93);
    expect(right, JSON.stringify([...outcomes])).toBeLessThan(CALLS);
  },
  TIME_LIMIT,
);

async function judge(client: ReturnType<typeof createShop>["client"], id: number): Promise<string> {
  const options: CallOptions = id % 10 === 0 ? { resume: false } : {};
  const thinking = { type: id % 3 === 0 ? "enabled" : "disabled" } as const;
  const max = id % 7 === 0 ? { max_tokens: 60 } : {};
  const messages = [{ role: "user", content: `Order ${id}` }] as const;
  const params = { model: "deepseek-flash", messages, schema: order, thinking, ...max };
  const right = orderOf(id);
  let last: unknown;
  try {
    if (id % 2 === 0) expect(await parse(client, params, options)).toEqual(right);
    else {
      const stream = streamParse(client, params, options);
      for await (const partial of stream.partials()) last = partial;
      expect(await stream.finalValue()).toEqual(right);
      expect(last).toEqual(right);
    }
    return "right";
  } catch (error) {
    if (!ResilientClientError.isInstance(error)) throw error;
    if (error.code === "schema") expect(error.issues.length).toBeGreaterThan(0);
    return error.code;
  }
}
