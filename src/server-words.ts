// How the message of an error tells what a server answered, and how its own words are found in it again: in one place, so that
// both say the same.

interface Answered {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** `undefined`: an error within an answer named none. */
  readonly status?: number | undefined;
}

/** As messages name who was asked. */
export function whoIs({ provider, model }: Answered): string {
  return `${provider} (${model})`;
}

/** Who answered, with which status, and the server's own words behind it, if there are any. */
export function tellAnswer(answered: Answered, said: string): string {
  return said === "" ? headOf(answered) : `${headOf(answered)}: ${said}`;
}

/** What to do about it, behind the server's words, which may be a sentence. */
export function withRemedy(answered: string, remedy: string): string {
  return `${answered.replace(/\.$/, "")} - ${remedy}.`;
}

/** The server's own words in the message of an error, as far as they stand there; `undefined`: it tells of no answer. */
export function wordsOf(error: Answered & { readonly message: string }): string | undefined {
  const head = `${headOf(error)}: `;
  return error.message.startsWith(head) ? error.message.slice(head.length) : undefined;
}

function headOf(answered: Answered): string {
  const { status } = answered;
  return `${whoIs(answered)} answered ${status === undefined ? "with an error" : status}`;
}
