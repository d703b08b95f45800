// A form that fills while the answer comes.
//   npm run example streaming-form
import { createResilientClient, type DeepPartial, streamParse } from "resilient-deepseek";
import * as z from "zod";

await using client = createResilientClient();

const contact = z.object({
  name: z.string(),
  company: z.string(),
  topic: z.enum(["sales", "support"]),
  needs: z.array(z.string()),
});
type Contact = z.infer<typeof contact>;

const stream = streamParse(client, {
  model: "deepseek-flash",
  messages: [
    {
      role: "user",
      content: "Hi, Grace of Cobol Ltd here. Our compiler broke, I need it mended, and a manual, please.",
    },
  ],
  schema: contact,
  thinking: { type: "disabled" },
});

const fields = ["name", "company", "topic", "needs"] as const;
const line = (form: DeepPartial<Contact>, field: (typeof fields)[number]) =>
  `${field.padStart(8)} | ${[form[field] ?? ""].flat().join(", ")}`;

// On a terminal the form is drawn over the one before; elsewhere only the last one is worth a line.
let up = "";
for await (const form of stream.partials()) {
  if (!process.stdout.isTTY) continue;
  for (const field of fields) process.stdout.write(`${field === "name" ? up : ""}${line(form, field)}\u001b[K\n`);
  up = `\u001b[${fields.length}A`;
}
const form = await stream.finalValue();
process.stdout.write(`${up}${fields.map((field) => `${line(form, field)}\n`).join("")}`);
