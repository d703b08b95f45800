import type http from "node:http";
import type { AddressInfo } from "node:net";

/** Lets a browser's page read answers that come from another origin. */
export const CORS_HEADERS = {
  "access-control-allow-origin": "*",
  // A wildcard does not stand for `authorization`.
  "access-control-allow-headers": "*, authorization",
  "access-control-expose-headers": "*",
};

/** Listens on a port the system chooses, and gives the address. */
export async function listen(server: http.Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function closeServer(server: http.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
