// Where the time of a stream goes: V8's CPU profiler over answers of 5,000 chunks, its samples added up by layer.
//   npm run bench:profile              npm run bench:profile -- paced
// It reads the sources, not `dist`, so that every sample knows its file. A profile tells shares, no totals: what a chunk
// costs is measured by `npm run bench`.
import { Session } from "node:inspector/promises";
import { createResilientClient } from "../src/index.ts";
import { startChild } from "./child.ts";

const [answer = "long"] = process.argv.slice(2);
const atOnce = answer === "paced" ? 100 : 1;
const TURNS = answer === "paced" ? 10 : 100;

/** The first that fits counts. */
const LAYERS: readonly (readonly [name: string, where: RegExp])[] = [
  ["garbage collection", /^\(garbage collector\)/],
  ["waiting for the server", /^\(idle\)/],
  ["this measurement", /\/bench\//],
  [
    "parsing chunks: transport/learn-template, parse-json",
    /src\/(?:transport\/learn-template|parse-json|chat\/find-text)/,
  ],
  [
    "events: eventsource-parser, transport/read-events, read-text",
    /eventsource-parser|src\/transport\/read-(?:events|text)/,
  ],
  ["checking chunks: providers/wire-format", /src\/providers\//],
  ["truth: chat/gather-evidence, hold-back", /src\/chat\/(?:gather-evidence|hold-back|judge)/],
  ["adding up: chat/assemble-completion", /src\/chat\//],
  ["the reply: transport/open-reply and what it reads", /src\/transport\//],
  ["time limits: policies/attempt-timeouts, async/clock", /src\/(?:policies\/attempt|async\/clock)/],
  ["other policies", /src\/(?:policies|state|call)/],
  ["the stream in your hands: client, async", /src\/(?:client|async)/],
  ["ky, validation: once a call", /\/(?:ky|zod)\//],
  ["fetch: Node's HTTP, streams, decoding", / node:| $|wasm/],
];

const { child: server, first } = await startChild("server.ts", []);
const client = createResilientClient({ apiKey: "sk-bench", baseURL: `http://127.0.0.1:${first.port}/${answer}` });
const messages = [{ role: "user" as const, content: "Hello" }];

async function turn(): Promise<void> {
  const read = async () => {
    let text = "";
    for await (const chunk of client.chat.completions.stream({ model: "deepseek-flash", messages })) {
      text += chunk.choices[0]?.delta.content ?? "";
    }
    return text;
  };
  await Promise.all(Array.from({ length: atOnce }, read));
}

for (let run = 0; run < TURNS / 4; run++) await turn();
const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: 200 });
await session.post("Profiler.start");
for (let run = 0; run < TURNS; run++) await turn();
const { profile } = await session.post("Profiler.stop");
session.disconnect();
await client.close();
await server.end();

const names = new Map(
  profile.nodes.map(({ id, callFrame: { functionName, url } }) => [id, `${functionName || "(nameless)"} ${url}`]),
);
const shares = new Map<string, number>();
for (const [at, id] of (profile.samples ?? []).entries()) {
  const name = names.get(id) ?? "";
  const layer = LAYERS.find(([, where]) => where.test(name))?.[0] ?? `other: ${name}`;
  shares.set(layer, (shares.get(layer) ?? 0) + (profile.timeDeltas?.[at] ?? 0));
}
shares.delete("waiting for the server");
const total = [...shares.values()].reduce((sum, share) => sum + share, 0);
for (const [layer, share] of [...shares].sort(([, a], [, b]) => b - a)) {
  if (share / total >= 0.001) console.log(`${((100 * share) / total).toFixed(1).padStart(5)} %  ${layer}`);
}
