import type { ChatCompletion } from "../chat/chat-response.ts";
import { type CallPromise, withReport } from "./call-promise.ts";
import { ChatStream } from "./chat-stream.ts";
import { GivenAnswer } from "./given-answer.ts";
import type { Session } from "./session.ts";

/** Opens a stream: resolves at the first token. */
export async function openStream(session: Session): Promise<ChatStream> {
  const stream = new ChatStream(session);
  await stream.open();
  return stream;
}

/** Reads an answer to its end. */
export async function collect(session: Session): Promise<ChatCompletion> {
  const given = new GivenAnswer("whole");
  try {
    const reply = await session.open(given.delivered);
    do {
      given.follow(reply);
      for (let chunk = reply.take(); chunk; chunk = reply.take()) given.add(chunk);
    } while (await reply.more());
    session.throwIfAborted();
    const completion = given.completion(reply);
    session.succeed();
    return completion;
  } catch (error) {
    throw session.fail(error, given.partial());
  }
}

/** A promise of what comes of a session, with its report. */
export function track<T>(run: (note: (session: Session) => Session) => Promise<T>): CallPromise<T> {
  let session: Session | undefined;
  const note = (started: Session) => {
    session = started;
    return started;
  };
  // `async` so that bad options, which `start` throws for, reject the promise too. A promise that resolved had a session.
  return withReport((async () => run(note))(), () => (session as Session).report());
}
