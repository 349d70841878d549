/** The fused expression with its confidence, or why there is none. */

import { html, svg, type TemplateResult } from "lit";
import { inWords, type Messages } from "../messages";
import type { State } from "../protocol";
import type { Phase } from "../widget/events";
import { percent, signed } from "./format";
import { colourVariable } from "./palette";
import { vary } from "./vary";

export function fusedView(words: Messages, state: State | null, phase: Phase): TemplateResult {
  const fused = phase === "live" ? (state?.fused ?? null) : null;
  const look = {
    "--share": (fused?.confidence ?? 0).toFixed(3),
    "--colour": `var(${colourVariable(fused?.label ?? "")})`,
  };
  const numbers = [
    ["confidence", words.confidence, fused ? percent(fused.confidence) : "–"],
    [
      "valence",
      words.valence,
      fused ? signed(fused.valence) + aMinute(state?.trend?.valence) : "–",
    ],
    [
      "arousal",
      words.arousal,
      fused ? signed(fused.arousal) + aMinute(state?.trend?.arousal) : "–",
    ],
  ];
  return html`
    <section
      class="panel fused"
      aria-labelledby="fused-title"
      ?data-abstain=${fused === null}
      ${vary(look)}
    >
      <div class="verdict">
        <h2 id="fused-title">${words.expressionShown}</h2>
        <p class="state-label" data-testid="state-label">${label(words, state, phase)}</p>
        <span class="track" aria-hidden="true"><span class="bar"></span></span>
      </div>
      <dl class="numbers">
        ${numbers.map(
          ([id, name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd data-testid=${id ?? ""}>${value}</dd>
            </div>`,
        )}
      </dl>
      <svg class="circumplex" viewBox="-1.15 -1.15 2.3 2.3" aria-hidden="true">
        <circle class="rim" r="1.05" />
        <path class="cross" d="M-1.05 0h2.1M0-1.05v2.1" />
        ${svg`<circle class="dot" r="0.13" cx=${fused?.valence ?? 0} cy=${-(fused?.arousal ?? 0)} />`}
      </svg>
    </section>
  `;
}

/** Where it has been going for a minute, once that can be said. */
function aMinute(slope: number | undefined): string {
  return slope === undefined ? "" : ` (${signed(slope)}/min)`;
}

function label(words: Messages, state: State | null, phase: Phase): string {
  if (phase === "paused") return words.paused;
  if (phase === "reconnecting") return words.reconnecting;
  if (state === null) return words.waiting;
  if (state.fused) return inWords(words.expressions, state.fused.label);
  return words.noExpression(inWords(words.reasons, state.abstain?.reason ?? "no_evidence"));
}
