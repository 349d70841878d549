/** The page of `esapr serve`: the widget, and beside it what the session shows. */

import "../live";
import type { SessionCredentials } from "../protocol";
import { Client } from "../sdk/client";
import { own } from "../sdk/tokens";
import "../widget";
import { install } from "./install";
import { heedKeyboard } from "./keyboard";

install();
heedKeyboard();

const main = document.querySelector("main");
const widget = document.querySelector("esapr-widget");
const live = document.querySelector("esapr-live");
const watch = document.querySelector<HTMLButtonElement>("#watch");
const client = new Client(location.href);

let begun = false;
let credentials: SessionCredentials | null = null;
main?.addEventListener("esapr-session", () => (begun = true));

// A demo session, whose token lets others into its room, too.
if (widget) {
  widget.openSession = async (consent, modalities) => {
    const opened = await client.open({ consent, modalities });
    credentials = { ...opened, client_token: own(opened.client_token) };
    return credentials;
  };
}

watch?.addEventListener("click", () => void openRoom());

/** Opens the room of the session in a tab of its own, as a clinician sees it. */
async function openRoom(): Promise<void> {
  if (credentials === null) return;
  // Opened now: later it would be a window that nobody has asked for.
  const tab = open("about:blank");
  if (tab === null) return;
  try {
    const { token } = await client.invite(credentials, { role: "clinician" });
    tab.location.href = `/room/${encodeURIComponent(credentials.room)}#token=${token}`;
  } catch {
    // The session has ended; the widget says so.
    tab.close();
  }
}

// Until there is something to show, the widget has the page to itself.
main?.addEventListener("esapr-phase", ({ detail: phase }) => {
  const alone = ["consent", "refused"].includes(phase) || (phase === "blocked" && !begun);
  main.toggleAttribute("data-alone", alone);
  if (live) live.hidden = alone;
  if (watch) watch.hidden = !["live", "paused", "reconnecting"].includes(phase);
});
