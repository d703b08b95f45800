// The context flush: a new chat, when the server stays busy.
//   npm run example flush-after-busy
import { BusyError, conversation, createResilientClient, newChat } from "resilient-deepseek";

// Few, so that there is something to flush for.
await using client = createResilientClient({ retry: { maxRounds: 3 } });
const chat = conversation(client, {
  model: "deepseek-flash",
  system: "You know everything about rivers.",
  thinking: { type: "disabled" },
});

for (const question of ["Which is the longest?", "And the widest?", "Which one flows backwards?"]) {
  console.log(`> ${question}`);
  const { choices } = await chat.send(question).catch((error: unknown) => {
    if (!BusyError.isInstance(error)) throw error;
    // The turn that failed left no trace, so it can be asked again behind fewer messages.
    const before = chat.messages.length;
    return chat.flush(newChat()).then(() => {
      console.log(
        `  busy for too long: ${before} messages are ${chat.messages.length}, and the question is asked again`,
      );
      return chat.retry();
    });
  });
  console.log(choices[0]?.message.content);
}
