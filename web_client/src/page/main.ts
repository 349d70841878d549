/** The page of `esapr serve`: the widget, and beside it what the session shows. */

import "../live";
import "../widget";

const main = document.querySelector("main");
const live = document.querySelector("esapr-live");

let begun = false;
main?.addEventListener("esapr-session", () => (begun = true));

// Until there is something to show, the widget has the page to itself.
main?.addEventListener("esapr-phase", ({ detail: phase }) => {
  const alone = ["consent", "refused"].includes(phase) || (phase === "blocked" && !begun);
  main.toggleAttribute("data-alone", alone);
  if (live) live.hidden = alone;
});
