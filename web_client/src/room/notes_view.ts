/** The notes of whoever watches: written here, kept in this browser. */

import { html, nothing, type TemplateResult } from "lit";
import { clockOf, timeOfDay } from "./export";
import { MAX_NOTE_CHARACTERS, type Note } from "./kept";
import type { Words } from "./messages";
import type { Notebook } from "./notebook";
import type { Person } from "./people";

export interface NotesProps {
  words: Words;
  notebook: Notebook;
  people: readonly Person[];
  add: (body: string, session: string | null) => void;
  exportText: () => void;
  exportJson: () => void;
  deleteAll: () => void;
  /** Has the server keep a note; null where the role may not. */
  store: ((note: Note) => void) | null;
}

export function notesView(props: NotesProps): TemplateResult {
  const { words, people } = props;
  const { notes, kept } = props.notebook;
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
              .map((note) => html`<li data-testid="note">${entry(props, note)}</li>`)
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

function entry(props: NotesProps, note: Note): TemplateResult {
  const { words } = props;
  const { at, participant, tMs, body, session } = note;
  const clock = tMs === null ? [] : [words.sessionClock(clockOf(tMs))];
  return html`
    <p class="head">${[timeOfDay(at), participant ?? words.everybody, ...clock].join(" · ")}</p>
    <p class="body">${body}</p>
    ${session === null ? nothing : storing(props, note)}
  `;
}

/** Whether the server keeps a note, the button that has it do so, or why it does not. */
function storing(
  { words, notebook, store }: NotesProps,
  note: Note,
): TemplateResult | typeof nothing {
  if (note.stored) return html`<p class="head">${words.noteStored}</p>`;
  if (store === null) return nothing;
  const refusal = notebook.refused.get(note.id);
  const why = refusal && (words.noteRefused[refusal] ?? words.noteRefusedText(refusal));
  return html`
    <button
      type="button"
      class="quiet"
      data-testid="note-store"
      ?disabled=${refusal === null}
      @click=${() => store(note)}
    >
      ${words.storeNote}
    </button>
    <p class="refusal" role="status">${why ?? ""}</p>
  `;
}
