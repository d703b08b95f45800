import { expect, test } from "vitest";
import { createResilientClient } from "../../src/index.ts";
import { rejectionOf } from "../support/abort-reasons.ts";
import { everythingOf, KEY, keysIn, privateParams } from "../support/hostile-echo.ts";
import { startRawServer } from "../support/raw-server.ts";

test.each([300, 301, 302, 303, 304, 305, 307, 308])(
  "a redirect (%d) is never followed: its target gets no connection, its own host no second request",
  async (status) => {
    const target = await startRawServer((_request, response) => response.end("stolen"));
    const encoded = encodeURIComponent(KEY);
    const places = (own: string) => [
      `${target.url}/steal`,
      `${own}/elsewhere`,
      "/chat/completions",
      "//127.0.0.1:1/x",
      `${target.url}/?key=${encoded}`,
      `http://${encoded}:x@127.0.0.1:1/`,
      "",
      "\\\\",
    ];
    for (let place = 0; place < 8; place++) {
      const requests: string[] = [];
      const server = await startRawServer((request, response) => {
        requests.push(`${request.method} ${request.url}`);
        response.writeHead(status, { location: places(server.url)[place], refresh: `0; url=${target.url}` });
        response.end(`<a href="${target.url}">moved ${KEY}</a>`);
      });
      const client = createResilientClient({ apiKey: KEY, baseURL: server.url, retry: false });
      const error = await rejectionOf(client.chat.completions.create(privateParams));
      expect(error).toMatchObject({ code: "unexpected_response", status });
      expect(keysIn(everythingOf(error))).toEqual([]);
      expect(requests).toEqual(["POST /chat/completions"]);
      expect(target.connections).toBe(0);
      await client.close();
    }
  },
);

test("a response that a fetch of one's own got by following a redirect is told apart by nothing it says", async () => {
  const opaque = { type: "opaqueredirect", status: 0, headers: new Headers(), body: null, ok: false };
  const fetch = (async () => opaque) as unknown as typeof globalThis.fetch;
  const client = createResilientClient({ apiKey: KEY, fetch, retry: false });
  expect(await rejectionOf(client.chat.completions.create(privateParams))).toMatchObject({
    code: "unexpected_response",
  });
});
