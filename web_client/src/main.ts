/** The page: consent, then a session, then how it ended. */

import { find, setText } from "./dom";
import { count } from "./format";
import type { Consent, Notice, ServerMessage } from "./protocol";
import { startCapture } from "./sdk/capture";
import { Client, MODALITIES, type Modality } from "./sdk/client";
import { type EsaprError, problemFrom } from "./sdk/errors";
import type { FeedPhase } from "./sdk/feed";
import type { Session } from "./sdk/session";
import type { Ending } from "./sdk/subscription";
import { LiveView } from "./view";
import { errorInWords } from "./words";

const form = find(document, "#consent", HTMLFormElement);
const accept = find(form, "#consent-accept", HTMLInputElement);
const start = find(form, "#start", HTMLButtonElement);
const live = find(document, "#live", HTMLElement);
const selfView = find(live, "#self-view", HTMLVideoElement);
const textForm = find(live, "#text-form", HTMLFormElement);
const textInput = find(live, "#text-input", HTMLInputElement);
const textSend = find(textForm, "button", HTMLButtonElement);
const connection = find(document, "#connection", HTMLElement);
const alertBox = find(document, "#alert", HTMLElement);
const ended = find(document, "#ended", HTMLElement);

const view = new LiveView(live);
let session: Session | null = null;
let givenAt = "";
let notice: Notice | null = null;

function chosen(): Modality[] {
  return MODALITIES.filter((modality) => find(form, `#use-${modality}`, HTMLInputElement).checked);
}

function allowStart(): void {
  start.disabled = notice === null || !accept.checked || chosen().length === 0;
}

function report(problem: EsaprError): void {
  setText(find(alertBox, "#alert-message", HTMLElement), errorInWords(problem));
  setText(find(alertBox, "#alert-code", HTMLElement), problem.code);
  alertBox.hidden = false;
}

/** Shows what the server says about being measured; nobody can agree before. */
async function showNotice(): Promise<void> {
  try {
    const client = new Client(location.href);
    notice = await client.notice();
    const own = navigator.language.split("-")[0] ?? "";
    if (notice.languages.includes(own)) notice = await client.notice(own);
    const shown = find(form, "#notice-text", HTMLElement);
    shown.lang = notice.language;
    setText(shown, notice.text);
    allowStart();
  } catch (thrown) {
    report(problemFrom(thrown));
  }
}

function dismiss(): void {
  alertBox.hidden = true;
}

async function begin(): Promise<void> {
  dismiss();
  ended.hidden = true;
  start.disabled = true;
  setText(start, "Starting…");
  const modalities = chosen();
  let stream: MediaStream | null = null;
  try {
    stream = await startCapture({
      camera: modalities.includes("face"),
      microphone: modalities.includes("voice"),
    });
    const receipt: Consent = {
      subject: "self",
      text_version: notice?.version ?? "",
      language: notice?.language ?? "",
      given_at: givenAt,
      method: "checkbox",
    };
    phase({ name: "connecting" });
    session = await new Client(location.href).session({
      consent: receipt,
      modalities,
      detail: "overlay",
    });
    session.on("message", message);
    session.on("phase", phase);
    session.on("roundTrip", (ms) => view.roundTrip(ms));
    session.on("problem", report);
    session.on("ended", finish);
    phase({ name: "live" });
    setText(find(live, "#notice", HTMLElement), session.notice);
    showLive(stream);
    view.begin(session.created);
    void session.publish(stream);
  } catch (thrown) {
    for (const track of stream?.getTracks() ?? []) track.stop();
    report(problemFrom(thrown));
    showConsent();
  }
}

function showConsent(): void {
  live.hidden = true;
  form.hidden = false;
  setText(start, "Start");
  allowStart();
}

function showLive(stream: MediaStream): void {
  form.hidden = true;
  live.hidden = false;
  selfView.srcObject = stream;
  live.toggleAttribute("data-no-camera", stream.getVideoTracks().length === 0);
  const typed = chosen().includes("text");
  textInput.disabled = textSend.disabled = !typed;
  find(live, "#stop", HTMLButtonElement).focus({ preventScroll: true });
}

function message(received: ServerMessage): void {
  switch (received.type) {
    case "state":
      view.state(received);
      break;
    case "overlay":
      view.overlay(received);
      break;
    case "warning":
      view.warning(received);
      break;
  }
}

function phase(entered: FeedPhase): void {
  const words = {
    connecting: "Connecting",
    live: "Live",
    waiting: "Reconnecting",
    closed: "Not connected",
  };
  connection.dataset["phase"] = entered.name;
  setText(connection, words[entered.name]);
}

function finish({ closed, error }: Ending): void {
  session = null;
  view.end();
  selfView.srcObject = null;
  showConsent();
  if (error) report(error);
  else dismiss();
  const totals = closed?.type === "session.closed" ? closed.totals : null;
  const parts = totals && [
    count(totals.states, "state"),
    `${totals.fused} with an expression`,
    count(totals.frames, "frame"),
    count(totals.windows, "sound window"),
    count(totals.lines, "line"),
  ];
  const withdrawn = accept.checked ? "Session ended." : "Consent withdrawn. Measuring has stopped.";
  setText(ended, parts ? `${withdrawn} ${parts.join(", ")}.` : withdrawn);
  ended.hidden = false;
  ended.focus();
}

function withdraw(): void {
  accept.checked = false;
  session?.revokeConsent();
}

function say(): void {
  const body = textInput.value.trim();
  if (body === "" || !session?.sendText(body)) return;
  setText(find(live, "#last-line", HTMLElement), `Sent: ${body}`);
  textInput.value = "";
}

accept.addEventListener("change", () => {
  givenAt = new Date().toISOString();
  allowStart();
});
form.addEventListener("change", allowStart);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void begin();
});
textForm.addEventListener("submit", (event) => {
  event.preventDefault();
  say();
});
find(live, "#stop", HTMLButtonElement).addEventListener("click", () => session?.close());
find(live, "#withdraw", HTMLButtonElement).addEventListener("click", withdraw);
find(alertBox, "#alert-dismiss", HTMLButtonElement).addEventListener("click", dismiss);
window.addEventListener("pagehide", () => session?.close());
setText(find(form, "#host", HTMLElement), location.host);
// A reloaded page may come back with its boxes ticked: consent is given anew each time.
form.reset();
allowStart();
void showNotice();
