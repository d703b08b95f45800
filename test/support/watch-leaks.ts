import { afterEach, beforeEach } from "vitest";
import { beginFile, judge, watch } from "./leaks.ts";

// A setup file of every project: whatever a test opened must be closed when it ends, however the calls in it went.
// It runs for every file, also where files share a process, and holds nothing itself.
beginFile();
beforeEach(watch);
afterEach(judge);
