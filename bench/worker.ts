// One client in a process of its own: asks as often as it is told, and says what that cost.
import { answerPieces } from "./answers.ts";
import { ANSWER_PIECES, type Ask, type Client, type Connect } from "./client.ts";

export interface Turn {
  readonly calls: number;
  readonly atOnce: number;
}

const [name = "", way = "", answer = "", baseURL = ""] = process.argv.slice(2);
const { connect } = (await import(new URL(`peers/${name}.ts`, import.meta.url).href)) as { connect: Connect };
const ask = connect(`${baseURL}/${answer}`)[way as keyof Client];
if (!ask) throw new Error(`${name} has no ${way}`);
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
  const results: Awaited<ReturnType<Ask>>[] = [];
  let asked = 0;
  const lane = async () => {
    while (asked++ < calls) results.push(await ask());
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: atOnce }, lane));
  const { user, system } = process.cpuUsage(before);
  for (const result of results) {
    const text = typeof result === "string" ? result : result();
    if (text !== expected) throw new Error(`another text than was sent: ${JSON.stringify(text.slice(0, 200))}`);
  }
  return (user + system) / 1000;
}
