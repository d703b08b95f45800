// Runs before the gateway (`node --import`) and says what its command line cannot: where it listens. On loopback alone,
// for it sends what it gets to whomever it is told to; on a port the system chooses; and not for longer than its parent lives.
import { Server } from "node:http";
import net, { type AddressInfo } from "node:net";

const { listen } = net.Server.prototype;

net.Server.prototype.listen = function (this: net.Server) {
  this.once("listening", () => process.send?.({ port: (this.address() as AddressInfo).port }));
  process.on("message", () => {
    if (this instanceof Server) this.closeIdleConnections();
    process.send?.("idle");
  });
  return listen.call(this, { port: 0, host: "127.0.0.1" });
};

process.on("disconnect", () => process.exit());
