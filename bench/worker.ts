// One client in a process of its own: asks as often as it is told, and says what that cost.
import { answerPieces } from "./answers.ts";
import { ANSWER_PIECES, type Ask, type Ways } from "./client.ts";

export interface Turn {
  readonly calls: number;
  readonly atOnce: number;
}

const [name = "", way = "", answer = "", baseURL = ""] = process.argv.slice(2);
const ways = (await import(new URL(`peers/${name}.ts`, import.meta.url).href)) as Partial<Ways>;
const connect = ways[way as keyof Ways];
if (!connect) throw new Error(`${name} has no ${way}`);
const ask = connect(`${baseURL}/${answer}`);
const expected = answerPieces(ANSWER_PIECES[answer as keyof typeof ANSWER_PIECES]).join("");

process.on("message", (turn: Turn) => {
  takeTurn(ask, turn).then(
    (cpuMs) => process.send?.({ cpuMs }),
    (error: unknown) => process.send?.({ error: String(error instanceof Error ? error.stack : error) }),
  );
});
process.on("disconnect", () => process.exit());
process.send?.({ ready: true });

/** CPU milliseconds of all threads of this process, in user and system. Whether the answers are right is not counted. */
async function takeTurn(ask: Ask, { calls, atOnce }: Turn): Promise<number> {
  const answers: { text: string; bytes: Uint8Array[] }[] = [];
  const askOnce = async () => {
    const answer = { text: "", bytes: [] as Uint8Array[] };
    answers.push(answer);
    await ask((part) => {
      if (typeof part === "string") answer.text += part;
      else answer.bytes.push(part);
    });
  };
  let asked = 0;
  const lane = async () => {
    while (asked++ < calls) await askOnce();
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: atOnce }, lane));
  const { user, system } = process.cpuUsage(before);
  for (const { text, bytes } of answers) {
    const received = bytes.length > 0 ? textOfLines(bytes) : text;
    if (received !== expected) throw new Error(`another text than was sent: ${JSON.stringify(received.slice(0, 200))}`);
  }
  return (user + system) / 1000;
}

function textOfLines(bytes: readonly Uint8Array[]): string {
  const lines = Buffer.concat(bytes).toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line).choices[0]?.delta.content ?? "").join("");
}
