import net from "node:net";

// Tests speak to loopback only: anything else is a mistake, and would make them depend on the weather.
const connect = net.Socket.prototype.connect;
/** Who was spoken to since the last test. */
export const forbidden: string[] = [];

net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
  const [options] = args.flat() as [{ host?: string; path?: string } | undefined];
  const host = options?.host ?? "127.0.0.1";
  if (!options?.path && !/^(?:127\.|::1$|localhost$)/.test(host)) {
    forbidden.push(host);
    queueMicrotask(() =>
      this.destroy(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" })),
    );
    return this;
  }
  // The arguments are handed on as they came; `connect` has six overloads.
  return (connect as (...all: unknown[]) => net.Socket).apply(this, args);
};
