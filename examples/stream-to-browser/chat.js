// Reads an answer as it comes: server-sent events by `fetch`, because EventSource cannot POST.

const [form, question, ask, stop, answer, status] = ["form", "question", "ask", "stop", "answer", "status"].map((id) =>
  document.getElementById(id),
);
const BUSY = "The model is very busy at the moment. Please try again in a few minutes.";
const SET_UP = "This page is not set up right. Please tell whoever runs it.";
/** What a reader can do about it, by the code of the error. */
const SENTENCES = {
  busy: BUSY,
  rate_limited: BUSY,
  timeout: BUSY,
  connection: BUSY,
  all_providers_failed: BUSY,
  stream_interrupted: "The answer broke off here. Please ask again.",
  content_filter: "The model does not want to answer this. Please ask in another way.",
  context_length: "That is too long. Please shorten the question.",
  authentication: SET_UP,
  insufficient_balance: SET_UP,
  missing_api_key: SET_UP,
};
let leave = new AbortController();

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  leave = new AbortController();
  await show(question.value, leave.signal);
});
question.addEventListener("keydown", (event) => {
  // By way of the button: it does nothing while it is switched off, but `form.requestSubmit()` would ask twice at once.
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask.click();
});
// The server sees that the connection is closed, and ends the call.
stop.addEventListener("click", () => leave.abort());

async function show(content, signal) {
  setBusy(true);
  answer.textContent = "";
  tell("Waiting for the model …");
  try {
    const response = await fetch("/chat", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question: content }),
      signal,
    });
    if (!response.ok) return tell(`The server refused the question (${response.status}).`, true);
    for await (const { choices, error } of readEvents(response.body)) {
      if (error) return tell(SENTENCES[error.code] ?? `Something went wrong (${error.code}).`, true);
      const { content: text, reasoning_content: thought } = choices[0]?.delta ?? {};
      if (text) answer.append(text);
      if (text || thought) tell(text ? "Answering …" : "Thinking …");
    }
    tell("Done.");
  } catch {
    // An answer is whole only with `[DONE]`: whatever else ends it is told.
    if (signal.aborted) tell("Stopped.");
    else if (answer.textContent) tell(SENTENCES.stream_interrupted, true);
    else tell("The server cannot be reached. Is it still running?", true);
  } finally {
    setBusy(false);
  }
}

/** The data of each event; throws when the stream ends without `[DONE]`. */
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The stream broke off.");
    const events = (unread + value).split("\n\n");
    unread = events.pop();
    for (const event of events) {
      // A comment: the model has nothing to say yet.
      if (event.startsWith(":")) continue;
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

function tell(sentence, isProblem = false) {
  if (status.textContent !== sentence) status.textContent = sentence;
  status.classList.toggle("problem", isProblem);
}

function setBusy(isBusy) {
  const [off, on] = isBusy ? [ask, stop] : [stop, ask];
  const hadFocus = document.activeElement === off;
  on.disabled = false;
  // A button that is switched off would take the focus of the keyboard with it.
  if (hadFocus) on.focus();
  off.disabled = true;
  // Read out when it is whole, not piece by piece.
  answer.setAttribute("aria-busy", String(isBusy));
}
