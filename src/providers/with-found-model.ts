import type { AttemptCall } from "../call.ts";
import { estimatePrompt } from "../context/estimate-prompt.ts";
import { roomInWindow } from "../context/reserve.ts";
import { isLookUp } from "../endpoints/endpoint.ts";
import { ConnectionError, ContextLengthError, InvalidRequestError } from "../error-family.ts";
import { restateError } from "../errors.ts";
import { createModelFinder, type HostLink, rootOf } from "./find-model.ts";
import { chooseModel, type LocalModel, type ModelSource } from "./local-models.ts";
import type { Provider } from "./provider.ts";

/** So much of an estimate is certain: texts that look like many tokens may be fewer. */
const CERTAIN = 0.6;

/**
 * Has a local server answer with a model it has. It is asked for its list as a part of the attempt: so that is bounded, recorded and
 * aborted like the rest of it. A window that the user knows counts, whatever the server says.
 */
export function withFoundModel(provider: Provider, source: ModelSource, link: HostLink): Provider {
  const finder = createModelFinder(source, link);
  const windowOf = (name: string, found: LocalModel | undefined) => provider.window(name) ?? found?.window;
  return {
    ...provider,
    model: (requested) => finder.known(requested)?.name ?? requested,
    window(asked) {
      const found = finder.known(asked);
      return windowOf(found?.name ?? asked, found);
    },
    async send(call) {
      // No model answers it.
      if (isLookUp(call.endpoint)) return provider.send(call);
      const { models, isRemembered } = await finder.find(call);
      const found = chooseModel(models, call.request.model);
      if (!found) {
        const message = source.none(rootOf(link.baseURL));
        throw new InvalidRequestError(message, { provider: link.name, unknownModel: true });
      }
      call.attempt.asks(found.name);
      const asked = { ...call, model: found.name };
      requireRoom(asked, windowOf(found.name, found));
      try {
        const reply = await provider.send(asked);
        // It was loaded for this answer, and only now has a window.
        if (!found.isLoaded) finder.forget();
        return reply;
      } catch (error) {
        // One that cannot do what is asked is there all the same.
        const isGone =
          InvalidRequestError.isInstance(error) &&
          error.unknownModel === true &&
          !/does not support|requires --/i.test(error.message);
        if (isGone || ConnectionError.isInstance(error)) finder.forget();
        // Somebody unloaded it since: another look is worth another round.
        throw isGone && isRemembered ? restateError(error, error.message, { retryable: true }) : error;
      }
    },
  };
}

/**
 * Local servers drop the beginning of a conversation that is too long, and say nothing: an answer to half a question is worse than
 * none. Where somebody will cut it, all must fit; else only what is certainly too long is refused.
 */
function requireRoom({ provider, model, request, cutsLater }: AttemptCall, windowTokens: number | undefined): void {
  if (windowTokens === undefined) return;
  const promptTokens = estimatePrompt(request);
  if (promptTokens <= (cutsLater ? roomInWindow(windowTokens, request) : windowTokens / CERTAIN)) return;
  const remedy = `Load it with a longer context${cutsLater ? "" : ", or have the conversation cut: context: {}"}.`;
  throw new ContextLengthError(
    `${provider} (${model}) has a window of ${windowTokens} tokens, and the prompt is about ${promptTokens}. ${remedy}`,
    { provider, model, maxTokens: windowTokens, requestedTokens: promptTokens },
  );
}
