// Runs the suite in workerd: one case a request, as an app would call the client.
import { runCase } from "./conformance.js";

// biome-ignore lint/style/noDefaultExport: workerd asks for one.
export default {
  async fetch(request) {
    const asked = new URL(request.url).searchParams;
    const surroundings = { hasEnvironment: asked.get("environment") === "yes", isBrowser: false };
    return Response.json(await runCase(asked.get("case"), asked.get("control"), surroundings));
  },
};
