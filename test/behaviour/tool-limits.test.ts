import { expect, test } from "vitest";
import { runTools, ToolStepsError, tool } from "../../src/index.ts";
import { asks, toolsWorld } from "../support/tools-world.ts";

const params = { model: "deepseek-flash", messages: [{ role: "user", content: "Do it." }] } as const;

test("where nothing is said, the model may give ten answers", async () => {
  const world = toolsWorld(() => ({ toolCalls: [asks("again", {})] }));
  const again = tool({ name: "again", execute: () => 1 });
  const error = await world.failure(runTools(world.client, { ...params, tools: [again], clock: world.clock }));
  expect(ToolStepsError.isInstance(error) && error.steps.length).toBe(10);
  expect(world.sent().length).toBe(10);
});

test("each answer is a call of its own: maxCostUsd is for each", async () => {
  const tools = [tool({ name: "again", execute: () => "and again" })];
  const model = (said: readonly unknown[]) =>
    said.length < 15 ? { toolCalls: [asks("again", {}, `${said.length}`)] } : "Done.";
  const world = toolsWorld(model);
  const { reports } = await world.run(runTools(world.client, { ...params, tools }));
  const costs = reports.map(({ costUsd }) => costUsd?.useful ?? Number.NaN);
  const maxCostUsd = 3 * Math.max(...costs);
  expect(maxCostUsd).toBeLessThan(costs.reduce((sum, cost) => sum + cost, 0));
  const limited = toolsWorld(model, {}, { maxCostUsd });
  expect((await limited.run(runTools(limited.client, { ...params, tools }))).content).toBe("Done.");
});

test("where nothing is said, four calls run at once, each for a minute at most", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const world = toolsWorld(({ length }) =>
    length === 1 ? { toolCalls: names.map((name) => asks(name, {})) } : "Done.",
  );
  const beganAt: number[] = [];
  const tools = names.map((name) =>
    tool({
      name,
      execute() {
        beganAt.push(world.clock.now());
        return new Promise<never>(() => {});
      },
    }),
  );
  const run = await world.run(runTools(world.client, { ...params, tools, clock: world.clock }));
  const [first = 0] = beganAt;
  expect(beganAt.map((at) => at - first)).toEqual([0, 0, 0, 0, 60_000]);
  expect(run.steps[0]?.calls[0]).toMatchObject({ told: "Error: a did not finish within 60000 ms." });
});
