// A chat is saved after each turn, and goes on where it was after a restart.
//   npm run example save-and-restore
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Conversation, conversation, conversationFromJSON, createResilientClient } from "resilient-deepseek";

await using client = createResilientClient();
const file = join(mkdtempSync(join(tmpdir(), "chat-")), "chat.json");

// JSON.stringify() finds toJSON(). There is no key in it; what was said is.
const save = (chat: Conversation) => writeFileSync(file, JSON.stringify(chat));

const before = conversation(client, { model: "deepseek-flash", system: "Be brief.", thinking: { type: "disabled" } });
await before.send("My name is Ada. Remember it.");
save(before);

// After the restart: what does not fit the API's rules any more is mended, or refused with the reason.
const after = conversationFromJSON(client, JSON.parse(readFileSync(file, "utf8")), { thinking: { type: "disabled" } });
const { choices } = await after.send("What is my name?");
save(after);
console.log(`restored ${before.messages.length} messages; now there are ${after.messages.length}`);
console.log(choices[0]?.message.content);
