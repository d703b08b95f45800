import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens on this machine alone, at `PORT` or any free port; gives the address. What keeps it from that ends the process. */
export async function listen(server: Server): Promise<string> {
  const port = process.env["PORT"] || "0";
  try {
    server.listen(Number(port), "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    console.error(`Port ${port} cannot be used (${code}). Set PORT to another one, or to 0 for any that is free.`);
    process.exit(1);
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
