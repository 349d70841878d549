/** Which way, and what comes that way: text that is typed, a file, or a recording. */

import { html, nothing, type TemplateResult } from "lit";
import { clock } from "../live/format";
import { endings, MAX_SECONDS, WAYS, type Way } from "./ways";
import type { Words } from "./words";

export function waysView(
  words: Words,
  chosen: Way,
  disabled: boolean,
  choose: (way: Way) => void,
): TemplateResult {
  return html`
    <fieldset class="ways" ?disabled=${disabled}>
      <legend>${words.chooseWay}</legend>
      <div>
        ${WAYS.map(
          (way) => html`
            <label>
              <input
                type="radio"
                name="way"
                class="unseen"
                data-testid="way-${way}"
                .checked=${way === chosen}
                @change=${() => choose(way)}
              />
              <strong>${words.ways[way]}</strong> <small>${words.wayHints[way]}</small>
            </label>
          `,
        )}
      </div>
    </fieldset>
  `;
}

export interface SourceProps {
  words: Words;
  way: Way;
  /** Whether a file hovers over the page. */
  hovered: boolean;
  write(text: string): void;
  bring(file: File): void;
  record(): void;
}

export function sourceView(props: SourceProps): TemplateResult {
  const { words, way } = props;
  return html`
    <section class="card" data-testid="source">
      <h2 tabindex="-1">${words.ways[way]}</h2>
      ${way === "text" ? typing(props) : recording(props, way)}
      <p class="or">${words.or}</p>
      ${dropping(props)}
    </section>
  `;
}

function typing({ words, write }: SourceProps): TemplateResult {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const { text } = (event.target as HTMLFormElement).elements as unknown as Fields;
    if (text.value.trim() !== "") write(text.value);
  };
  return html`
    <form class="typing" autocomplete="off" @submit=${submit}>
      <label for="text">${words.typeIt}</label>
      <textarea
        id="text"
        name="text"
        rows="6"
        required
        placeholder=${words.typeHint}
        data-testid="text"
      ></textarea>
      <button type="submit" class="primary" data-testid="analyse-text">${words.analyseText}</button>
    </form>
  `;
}

interface Fields {
  text: HTMLTextAreaElement;
}

function recording({ words, record }: SourceProps, way: "audio" | "video"): TemplateResult {
  return html`
    <div class="recording">
      <button type="button" class="primary" data-testid="record" @click=${record}>
        ${words.record[way]}
      </button>
      <small>${words.recordHint(clock(MAX_SECONDS))}</small>
    </div>
  `;
}

function dropping({ words, way, hovered, bring }: SourceProps): TemplateResult {
  const accept = endings(way);
  const change = ({ target }: Event) => {
    const [file] = (target as HTMLInputElement).files ?? [];
    if (file) bring(file);
  };
  return html`
    <label class="drop" ?data-hovered=${hovered}>
      <strong>${words.drop}</strong>
      <span class="choose">${words.chooseFile}</span>
      <small>${words.fileHint(accept.join(" "))}</small>
      <input
        type="file"
        class="unseen"
        data-testid="file"
        accept=${accept.join(",") || nothing}
        @change=${change}
      />
    </label>
  `;
}
