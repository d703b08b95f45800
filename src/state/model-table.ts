import type { ModelState } from "./model-state.ts";

/** What is known of each model of a provider. */
export interface ModelTable {
  /** Made where nothing was known. */
  get(model: string): ModelState;
  /** It is asked now: it will be forgotten last. */
  use(model: string): ModelState;
  values(): Iterable<ModelState>;
}

/** Names of models may come from anywhere, and be as many as anybody likes. */
const MAX_MODELS = 100;

/** Keeps so many: the one that was asked longest ago makes room, unless it is in use. */
export function createModelTable(createModel: (model: string) => ModelState): ModelTable {
  const models = new Map<string, ModelState>();
  const makeRoom = () => {
    if (models.size < MAX_MODELS) return;
    for (const [model, { slots }] of models) {
      if (slots.inFlight > 0 || slots.waiting > 0) continue;
      models.delete(model);
      return;
    }
  };
  const get = (model: string) => {
    const known = models.get(model);
    if (known) return known;
    makeRoom();
    const state = createModel(model);
    models.set(model, state);
    return state;
  };
  return {
    get,
    use(model) {
      const state = get(model);
      models.delete(model);
      models.set(model, state);
      return state;
    },
    values: () => models.values(),
  };
}
