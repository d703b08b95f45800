export type { Clock } from "../async/clock.ts";
export type { ToolCall } from "../chat/chat-request.ts";
export type { Timing } from "./answer-exchange.ts";
export type { SimulatedAnswer } from "./compose-answer.ts";
export type { Fault, FaultTrigger, RetryHint, ScriptStep, Trouble } from "./faults.ts";
export type { MswHttp } from "./msw-handlers.ts";
export type { ScriptedAnswer } from "./plan-answer.ts";
export type { WireBody } from "./request-rules.ts";
export { seededRandom } from "./seeded-random.ts";
export type { SimulatedServer } from "./simulated-server.ts";
export {
  createSimulator,
  type SimulatedRequest,
  type Simulator,
  type SimulatorOptions,
  type SimulatorStats,
} from "./simulator.ts";
export { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";
