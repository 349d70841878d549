/** The notes of whoever watches: written here, kept in this browser. */

import { html, type TemplateResult } from "lit";
import { clockOf, timeOfDay } from "./export";
import { MAX_NOTE_CHARACTERS, type Note } from "./kept";
import type { Words } from "./messages";
import type { Person } from "./people";

export interface NotesProps {
  words: Words;
  notes: readonly Note[];
  people: readonly Person[];
  kept: boolean;
  add: (body: string, session: string | null) => void;
  exportText: () => void;
  exportJson: () => void;
  deleteAll: () => void;
}

export function notesView(props: NotesProps): TemplateResult {
  const { words, notes, people, kept } = props;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = form.querySelector("textarea");
    const body = text?.value.trim() ?? "";
    if (text === null || body === "") return;
    props.add(body, form.querySelector("select")?.value || null);
    text.value = "";
  };
  return html`
    <h2 id="notes-title">${words.sections.notes}</h2>
    <form class="note" autocomplete="off" @submit=${submit}>
      <label>
        ${words.noteAbout}
        <select name="about" data-testid="note-about">
          <option value="">${words.everybody}</option>
          ${people.map(
            ({ session, participant }) => html`<option value=${session}>${participant}</option>`,
          )}
        </select>
      </label>
      <label>
        ${words.note}
        <textarea
          name="body"
          data-testid="note-body"
          rows="3"
          maxlength=${MAX_NOTE_CHARACTERS}
        ></textarea>
      </label>
      <button type="submit" data-testid="note-add">${words.addNote}</button>
    </form>
    <ol class="notes" tabindex="0" aria-labelledby="notes-title">
      ${
        notes.length === 0
          ? html`<li class="empty">${words.noNotes}</li>`
          : [...notes]
              .reverse()
              .map((note) => html`<li data-testid="note">${entry(words, note)}</li>`)
      }
    </ol>
    <p class="empty">${kept ? words.notesKept : words.notKept}</p>
    <div class="buttons">
      <button type="button" ?disabled=${notes.length === 0} @click=${props.exportText}>
        ${words.exportText}
      </button>
      <button
        type="button"
        data-testid="export-json"
        ?disabled=${notes.length === 0}
        @click=${props.exportJson}
      >
        ${words.exportJson}
      </button>
      <button
        type="button"
        class="danger"
        ?disabled=${notes.length === 0}
        @click=${props.deleteAll}
      >
        ${words.deleteNotes}
      </button>
    </div>
  `;
}

function entry(words: Words, { at, participant, tMs, body }: Note): TemplateResult {
  const clock = tMs === null ? [] : [words.sessionClock(clockOf(tMs))];
  return html`
    <p class="head">${[timeOfDay(at), participant ?? words.everybody, ...clock].join(" · ")}</p>
    <p class="body">${body}</p>
  `;
}
