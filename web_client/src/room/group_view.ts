/** What a group shows together: where it moves, and the mean, or why there is none. */

import { html, nothing, type TemplateResult } from "lit";
import { percent, signed } from "../live/format";
import { colourVariable } from "../live/palette";
import { vary } from "../live/vary";
import { inWords } from "../messages";
import type { Aggregate } from "../protocol";
import type { Words } from "./messages";
import type { Position } from "./people";

export interface GroupProps {
  words: Words;
  labels: readonly string[];
  /** In the view `full`, what the page makes of the states. */
  position: Position | null;
  /** In the view `aggregate`, what the server shows. */
  aggregate: Aggregate | null;
  view: "full" | "aggregate";
}

/** The lines are drawn into `.course` by whoever shows this. */
export function groupView(props: GroupProps): TemplateResult {
  const { words, view, aggregate, position } = props;
  const mean = view === "full" ? position : (aggregate?.mean ?? null);
  return html`
    <h2 id="group-title">${words.groupTitle}</h2>
    <ul class="legend">
      <li class="of-valence">${words.valence}${value(mean?.valence)}</li>
      <li class="of-arousal">${words.arousal}${value(mean?.arousal)}</li>
    </ul>
    <div class="course" role="img" aria-label=${words.groupLabel}></div>
    <p class="basis" data-testid="basis">${basis(props)}</p>
    ${view === "aggregate" ? bars(props) : nothing}
  `;
}

function value(given: number | undefined): TemplateResult {
  return html`<span class="number">${given === undefined ? "–" : signed(given)}</span>`;
}

/** Over how many people the mean is, or why there is none. */
function basis({ words, view, aggregate, position }: GroupProps): string {
  if (view === "aggregate") {
    if (aggregate === null) return words.awaited;
    if (aggregate.withheld) return words.withheld(aggregate.withheld.needed);
    return words.groupMean(aggregate.mean?.people ?? 0);
  }
  return position === null ? words.groupNone : words.groupMean(position.people);
}

function bars({ words, labels, aggregate }: GroupProps): TemplateResult {
  return html`
    <dl class="bars">
      ${labels.map((label, column) => {
        const share = aggregate?.mean?.probs[column];
        const look = {
          "--share": (share ?? 0).toFixed(3),
          "--colour": `var(${colourVariable(label)})`,
        };
        return html`<div>
          <dt>${inWords(words.expressions, label)}</dt>
          <dd>
            <span class="track" aria-hidden="true"><span class="bar" ${vary(look)}></span></span>
            <span class="value">${share === undefined ? "–" : percent(share)}</span>
          </dd>
        </div>`;
      })}
    </dl>
  `;
}
