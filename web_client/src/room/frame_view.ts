/** What stands around the room: its head, the parts of a narrow page, and why there is no room. */

import { html, nothing, type TemplateResult } from "lit";
import type { Words } from "./messages";
import type { Phase, Visit } from "./visit";

export const SECTIONS = ["people", "group", "alerts", "notes"] as const;
export type Section = (typeof SECTIONS)[number];

export function headView(
  words: Words,
  room: string,
  { phase, entered, people }: Visit,
): TemplateResult {
  const named = entered !== null && entered.view !== "aggregate";
  return html`
    <header class="head">
      <h2>${words.roomTitle(room)}</h2>
      <p class="view" data-testid="view">${entered ? words.views[entered.view] : ""}</p>
      <p class="phase" data-phase=${phase} data-testid="phase">${words.roomPhases[phase]}</p>
      <p class="count">${named ? words.people(people.present.length) : ""}</p>
    </header>
  `;
}

/** On a narrow page one part is shown at a time. */
export function sectionsView(
  words: Words,
  sections: readonly Section[],
  shown: Section,
  unread: number,
  show: (section: Section) => void,
): TemplateResult {
  return html`
    <nav class="sections" aria-label=${words.sectionsLabel}>
      ${sections.map(
        (section) =>
          html`<button
            type="button"
            aria-current=${section === shown ? "true" : "false"}
            @click=${() => show(section)}
          >
            ${words.sections[section]}
            ${section === "alerts" && unread > 0 ? html`<span class="number">${unread}</span>` : nothing}
          </button>`,
      )}
    </nav>
  `;
}

/** Why there is nothing to watch. */
export function closedView(
  words: Words,
  { phase, problem }: Visit,
  signIn: string,
  again: () => void,
): TemplateResult {
  const texts: Partial<Record<Phase, string>> = {
    refused: words.refusedRoomText,
    absent: words.absentText,
    ended: words.endedRoomText,
    lost: words.unreachable,
  };
  return html`
    <section class="card calm" data-testid="closed" data-phase=${phase}>
      <h2>${phaseInWords(words, phase)}</h2>
      <p>${texts[phase] ?? ""}</p>
      ${problem && phase === "lost" ? html`<p class="support">${problem.code}</p>` : nothing}
      ${
        problem?.code === "sign_in_required" && signIn !== ""
          ? html`<p><a href=${signIn}>${words.signInStaff}</a></p>`
          : nothing
      }
      ${
        phase === "connecting"
          ? nothing
          : html`<button type="button" data-testid="again" @click=${again}>
              ${words.tryAgain}
            </button>`
      }
    </section>
  `;
}

export function phaseInWords(words: Words, phase: Phase): string {
  const closed: Partial<Record<Phase, string>> = {
    refused: words.refusedRoomTitle,
    absent: words.absentTitle,
    ended: words.endedRoomTitle,
    lost: words.lostRoomTitle,
  };
  return closed[phase] ?? words.roomPhases[phase];
}
