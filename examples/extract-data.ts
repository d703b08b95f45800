// Gets data out of a text, typed and checked.
//   npm run example extract-data
import { createResilientClient, parse, ResilientClientError } from "resilient-deepseek";
import * as z from "zod";

await using client = createResilientClient();

// What stands in `describe()` is read by the model; any library with `~standard` will do.
const invoice = z.object({
  customer: z.string(),
  due: z.string().describe("a date, as in 2026-12-31"),
  items: z.array(z.object({ name: z.string(), count: z.number().int(), priceEur: z.number() })),
});

const text = `Dear Ms Lovelace, thank you for your order: two engines at 1,200 euros each
and a box of punch cards (39.90). Please pay by the last day of this November, 2026.`;

try {
  const { data, reports } = await parse(client, {
    model: "deepseek-flash",
    messages: [{ role: "user", content: `Read this invoice.\n\n${text}` }],
    schema: invoice,
    // Helps a model more than any rule.
    example: { customer: "Bob", due: "2026-01-31", items: [{ name: "pen", count: 3, priceEur: 1.5 }] },
  }).withReport();
  for (const { name, count, priceEur } of data.items)
    console.log(`${count} x ${name}, ${priceEur.toFixed(2)} EUR each`);
  console.log(
    `${data.customer} pays by ${data.due} (asked ${reports.length === 1 ? "once" : `${reports.length} times`})`,
  );
} catch (error) {
  if (!ResilientClientError.isInstance(error)) throw error;
  console.error(error.message);
  // Yours to look at; it is in no log.
  if (error.code === "schema") console.error(error.issues, error.raw);
  process.exitCode = 1;
}
