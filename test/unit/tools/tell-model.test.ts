import { expect, test } from "vitest";
import { tellError, tellIssues, tellOutput, tellRefusal, tellUnknownTool } from "../../../src/tools/tell-model.ts";

test("an output is a text as it is, and anything else as JSON", () => {
  expect([tellOutput("as it is\n"), tellOutput({ a: [1] }), tellOutput(0), tellOutput(false)]).toEqual([
    "as it is\n",
    '{"a":[1]}',
    "0",
    "false",
  ]);
  expect([tellOutput(undefined), tellOutput(""), tellOutput(() => 1), tellOutput(Symbol("x"))]).toEqual(
    Array.from({ length: 4 }, () => "(no output)"),
  );
});

test("nothing is cut within a character", () => {
  const text = `${"x".repeat(199_999)}👩🏽‍🚀`;
  const told = tellOutput(text);
  expect(told.isWellFormed()).toBe(true);
  expect(told).toBe(`${"x".repeat(199_999)}\n(cut: the first 200000 of ${text.length} characters)`);
});

test("an error is told by its message, without its stack", () => {
  const error = new Error("boom");
  expect(tellError(error)).toBe("Error: boom");
  const hostile = Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("no");
    },
  });
  expect([tellError(hostile), tellError(new Error("")), tellError(null), tellError(7)]).toEqual([
    "Error: the tool failed",
    "Error: the tool failed",
    "Error: the tool failed",
    "Error: 7",
  ]);
});

test("issues are told with their places, ten at most", () => {
  const issues = Array.from({ length: 12 }, (_, index) => ({ message: "wrong", path: ["rows", { key: index }, "x"] }));
  const told = tellIssues(issues);
  expect(told).toContain("Error: the arguments do not fit: rows[0].x: wrong; rows[1].x: wrong;");
  expect(told).toMatch(/rows\[9\]\.x: wrong; and 2 more\. Call it again with others\.$/);
  expect(tellIssues([{ message: "alone" }, { message: "sym", path: [Symbol("s")] }])).toBe(
    "Error: the arguments do not fit: alone; Symbol(s): sym. Call it again with others.",
  );
  expect(tellIssues([{ message: "long ".repeat(10_000) }]).length).toBeLessThan(2_100);
});

test("a name the model made up is quoted, and bounded like everything else", () => {
  expect(tellUnknownTool('x"\n', ["a", "b"])).toBe('Error: there is no tool "x\\"\\n". The tools are: a, b.');
  expect(tellUnknownTool("n".repeat(10_000), ["a"]).length).toBeLessThan(200);
  expect(
    tellUnknownTool(
      "x",
      Array.from({ length: 128 }, () => "t".repeat(64)),
    ).length,
  ).toBeLessThan(2_100);
  expect([tellRefusal(""), tellRefusal("not now")]).toEqual([
    "Error: the call was refused.",
    "Error: the call was refused: not now",
  ]);
});
