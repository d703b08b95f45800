import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidOptionsError } from "../../../src/error-family.ts";
import { checkHeaders } from "../../../src/providers/host-options.ts";
import { thrownBy } from "../../support/abort-reasons.ts";
import { everythingSaidBy, SECRET } from "../../support/secret-leaks.ts";

test("header names are taken in lower case", () => {
  expect(checkHeaders("lab", { "X-Title": "my app", "http-referer": "https://x.test" })).toEqual({
    "x-title": "my app",
    "http-referer": "https://x.test",
  });
  expect(checkHeaders("lab")).toEqual({});
});

test.each([
  "Authorization",
  "COOKIE",
  "host",
  "Content-Type",
  "content-length",
  "content-encoding",
  "Transfer-Encoding",
  "Connection",
  "Proxy-Authorization",
  "Expect",
  "Upgrade",
  "Keep-Alive",
  "TE",
])("the header %s is the client's own", (name) => {
  expect(thrownBy(() => checkHeaders("lab", { [name]: SECRET }))).toMatchObject({
    code: "invalid_options",
    message: `lab: headers must not set "${name.toLowerCase()}"; the client does.`,
  });
});

test.each([
  ["a line break", { "x-a": `a\r\nauthorization: ${SECRET}` }],
  ["characters no header can hold", { "x-a": "深" }],
  ["a null byte", { "x-a": "a\0" }],
  ["a value that is no string", { "x-a": 7 as unknown as string }],
  ["no name", { "": "a" }],
  ["blanks in its name", { "x a": "a" }],
  ["a colon in its name", { "x:a": "a" }],
  ["a line break in its name", { "x\na": "a" }],
])("a header with %s is refused, and its value not repeated", (_, headers) => {
  const error = thrownBy(() => checkHeaders("lab", headers));
  expect(error).toBeInstanceOf(InvalidOptionsError);
  expect(everythingSaidBy(error)).not.toContain(SECRET);
});

test("a header that fetch would take for the prototype is refused", () => {
  const headers = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
  expect(thrownBy(() => checkHeaders("lab", headers))).toMatchObject({
    code: "invalid_options",
    message: 'lab: the header "__proto__" cannot be sent: use printable ASCII.',
  });
});

test("whatever headers pass the check can be sent, and none of them is the client's own", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (headers) => {
      let checked: Record<string, string>;
      try {
        checked = checkHeaders("lab", headers);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidOptionsError);
        return;
      }
      expect([...new Headers(checked).keys()].length).toBe(Object.keys(checked).length);
    }),
  );
});
