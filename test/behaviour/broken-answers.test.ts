import { expect, test } from "vitest";
import { InvalidRequestError } from "../../src/index.ts";
import { CAN_GO_ON, clientOver, cut, finish, params, readText, says, scripted } from "../support/breaking-provider.ts";

test("the one provider there is refuses to go on with an answer: a new start there may say the same", async () => {
  const refused = new InvalidRequestError("no prefix here");
  const again = { says: [...says("Hello wor", "ld."), finish()] };
  const a = scripted("a", [{ says: says("Hello"), error: cut() }, refused, again], CAN_GO_ON);
  const { clock, completions } = clientOver([a]);
  const stream = completions.stream(params);
  expect((await clock.run(readText(stream))).text).toBe("Hello world.");
  expect(stream.report.seams).toEqual([{ atChar: 5, from: "a", to: "a", how: "restart" }]);
});
