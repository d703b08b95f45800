export type { Clock } from "./async/clock.ts";
export type * from "./chat/chat-request.ts";
export type {
  ChatCompletion,
  ChatCompletionChunk,
  ChoiceLogprobs,
  ChunkChoice,
  ChunkDelta,
  CompletionMessage,
  FinishReason,
  TokenLogprob,
  ToolCallDelta,
  Usage,
} from "./chat/chat-response.ts";
export type { CallPromise } from "./client/call-promise.ts";
export type { ChatClient } from "./client/chat-client.ts";
export { ChatStream } from "./client/chat-stream.ts";
export type { ChatCompletions } from "./client/completions.ts";
export type { StreamPart } from "./client/iterate-chunks.ts";
export type { LookUpOptions } from "./client/look-up.ts";
export { TextCompletionStream } from "./client/text-completion-stream.ts";
export type { TextCompletions } from "./client/text-completions.ts";
export type { CallOptions, ClientOptions, Profile, TimeoutOptions } from "./client-options.ts";
export type { CountTokens } from "./context/count-messages.ts";
export { estimateTokens } from "./context/estimate-tokens.ts";
export { type FittedContext, fitContext } from "./context/fit-context.ts";
export type { FitOptions } from "./context/fit-options.ts";
export { type FlushOptions, type FlushPlan, planFlush } from "./context/plan-flush.ts";
export {
  type CompactToolResultsOptions,
  type ContextStrategy,
  compactToolResults,
  dropOldest,
  dropReasoning,
  type FitGoal,
  newChat,
} from "./context/strategies.ts";
export type { Conversation, ConversationJSON, FailedTurn } from "./conversation/conversation.ts";
export type { ConversationContext, ConversationOptions } from "./conversation/conversation-options.ts";
export type { HistoryChange } from "./conversation/order-results.ts";
export type { TurnInput } from "./conversation/read-input.ts";
export { type HistoryRequest, type RepairedHistory, repairHistory } from "./conversation/repair-history.ts";
export { conversation, conversationFromJSON } from "./conversation/start-conversation.ts";
export { type Summarize, type SummarizeOptions, summarize } from "./conversation/summarize.ts";
export type { ConversationUsage } from "./conversation/usage-sum.ts";
export { createResilientClient, type Health, type ResilientClient } from "./create-resilient-client.ts";
export type { Balance, Model, ModelList } from "./endpoints/account.ts";
export type * from "./endpoints/text-completion.ts";
export type { EmptyKind, ErrorCode, GuardKind, TimeoutPhase } from "./error-codes.ts";
export * from "./error-family.ts";
export {
  type AnyResilientClientError,
  type ErrorDetails,
  type PartialAnswer,
  ResilientClientError,
} from "./errors.ts";
export { type ClientEvent, describeEvent, type WaitReason } from "./events.ts";
export type { JsonSchema } from "./json-schema-of.ts";
export type { Price } from "./money/price.ts";
export type { ClientUsage, UsageTotals } from "./money/usage-book.ts";
export {
  type Backoff,
  type DecorrelatedOptions,
  decorrelated,
  type ExponentialOptions,
  exponential,
  schedule,
} from "./policies/backoff.ts";
export type { BreakerOptions } from "./policies/circuit-breaker.ts";
export type { LimitOptions } from "./policies/concurrency-limit.ts";
export type { CostWindowOptions } from "./policies/cost-limit.ts";
export { type DeepSeekOffPeakOptions, deepseekOffPeak } from "./policies/deepseek-off-peak.ts";
export type { ContextOptions } from "./policies/fit-context.ts";
export type { GuardOptions, RepetitionOptions } from "./policies/guards.ts";
export type { HedgeOptions } from "./policies/hedge.ts";
export type { StartWithinOptions, TimeWindow } from "./policies/off-peak.ts";
export type { Order } from "./policies/order-candidates.ts";
export type { Priority } from "./policies/priority.ts";
export { type QuietHoursOptions, quietHours } from "./policies/quiet-hours.ts";
export type { ResumeOptions } from "./policies/resume.ts";
export type { RetryOptions } from "./policies/retry.ts";
export type { RetryBudgetOptions } from "./policies/retry-budget.ts";
export { type AzureOptions, azure } from "./providers/azure.ts";
export { type CustomAnswer, type CustomOptions, custom } from "./providers/custom.ts";
export { type DeepSeekOptions, deepseek } from "./providers/deepseek.ts";
export type { DialectOptions, HostFailure, ThinkingWords } from "./providers/dialect-options.ts";
export { type FindLocalOptions, findLocalProviders } from "./providers/find-local-providers.ts";
export { type FireworksOptions, fireworks } from "./providers/fireworks.ts";
export type { ApiKey } from "./providers/host-options.ts";
export { llamaCpp } from "./providers/llama-cpp.ts";
export { lmStudio } from "./providers/lm-studio.ts";
export type { LocalHostOptions } from "./providers/local-host.ts";
export { type OllamaOptions, ollama } from "./providers/ollama.ts";
export { type OpenAICompatibleOptions, openaiCompatible } from "./providers/openai-compatible.ts";
export { type OpenRouterOptions, openrouter } from "./providers/openrouter.ts";
export { type PerplexityOptions, perplexity } from "./providers/perplexity.ts";
export { type PoeOptions, poe } from "./providers/poe.ts";
export type { PriceOption } from "./providers/price-source.ts";
export type { Abilities, HostTimeouts, Provider, ProviderOptions } from "./providers/provider.ts";
export type { ThinkTags } from "./providers/separate-thinking.ts";
export { type SiliconFlowOptions, siliconFlow } from "./providers/silicon-flow.ts";
export { type TogetherOptions, together } from "./providers/together.ts";
export { vllm } from "./providers/vllm.ts";
export { type VolcengineArkOptions, volcengineArk } from "./providers/volcengine-ark.ts";
export type * from "./report.ts";
export type {
  InferInput,
  InferOutput,
  Issue as SchemaIssue,
  Result as SchemaResult,
  StandardSchema,
} from "./standard-schema.ts";
export type { ModelHealth } from "./state/model-state.ts";
export type { ProviderHealth } from "./state/provider-state.ts";
export type { RateLimitOptions } from "./state/rate.ts";
export { createMemoryStore, type StateStore, type StateUpdate } from "./state/state-store.ts";
export type { ParseResult } from "./structured/ask-until-fits.ts";
export type { DeepPartial } from "./structured/deep-partial.ts";
export { type ParsePromise, parse } from "./structured/parse.ts";
export type { ParseOptions, ParseParams } from "./structured/parse-params.ts";
export type { ParseStream } from "./structured/parse-stream.ts";
export { streamParse } from "./structured/stream-parse.ts";
export type { ToolOutcome, ToolStep } from "./tool-step.ts";
export { runTools, streamTools } from "./tools/run-tools.ts";
export {
  type BareToolOptions,
  type NoInput,
  type PlainToolOptions,
  type SchemaToolOptions,
  type Tool,
  type ToolContext,
  tool,
} from "./tools/tool.ts";
export { ToolStream } from "./tools/tool-stream.ts";
export type {
  OutcomeOf,
  PendingToolCall,
  ToolRun,
  ToolRunParams,
  ToolStreamPart,
  ToolVerdict,
} from "./tools/tool-types.ts";
