/** What the rules have found, and the dialog in which they are set. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { percent, signed } from "../live/format";
import { inWords } from "../messages";
import type { Alarms, Alert } from "./alarms";
import { timeOfDay } from "./export";
import { newId } from "./kept";
import type { Words } from "./messages";
import { isPosition, MAX_RULE_SECONDS, MAX_RULES, type Rule } from "./rules";

export interface AlertsProps {
  words: Words;
  alarms: Alarms;
  edit: () => void;
  clear: () => void;
}

export function alertsView({ words, alarms, edit, clear }: AlertsProps): TemplateResult {
  const { alerts, older, rules } = alarms;
  return html`
    <div class="title-row">
      <h2 id="alerts-title">${words.sections.alerts}</h2>
      <button type="button" data-testid="edit-rules" @click=${edit}>
        ${words.editRules} <span class="number">${rules.length}</span>
      </button>
    </div>
    ${
      alerts.length === 0
        ? html`<p class="empty">
            ${rules.length === 0 ? `${words.noRules} ${words.noRulesHint}` : words.noAlerts}
          </p>`
        : html`<ol class="alerts" tabindex="0" aria-labelledby="alerts-title">
            ${alerts.map(
              (alert) =>
                html`<li data-testid="alert">
                  <time>${timeOfDay(alert.at)}</time> ${alertInWords(words, alert)}
                </li>`,
            )}
          </ol>`
    }
    ${older > 0 ? html`<p class="empty">${words.olderAlerts(older)}</p>` : nothing}
    <button type="button" class="quiet" ?disabled=${alerts.length === 0} @click=${clear}>
      ${words.clearAlerts}
    </button>
  `;
}

export interface RulesProps {
  words: Words;
  alarms: Alarms;
  labels: readonly string[];
  /** What is being chosen in the form. */
  measure: string;
  kept: boolean;
  choose: (measure: string) => void;
  set: (rules: readonly Rule[], sound: boolean) => void;
  close: () => void;
}

export function rulesView(props: RulesProps): TemplateResult {
  const { words, alarms, kept, set, close } = props;
  const { rules, sound } = alarms;
  const without = ({ id }: Rule) => rules.filter((rule) => rule.id !== id);
  return html`
    <h2 id="rules-title">${words.rulesTitle}</h2>
    <ul class="rules">
      ${rules.map((rule) => {
        const text = ruleInWords(words, rule);
        return html`<li data-testid="rule">
          <span>${text}</span>
          <button
            type="button"
            aria-label=${words.removeRule(text)}
            @click=${() => set(without(rule), sound)}
          >
            ${words.remove}
          </button>
        </li>`;
      })}
    </ul>
    ${rules.length < MAX_RULES ? form(props) : html`<p>${words.tooManyRules(MAX_RULES)}</p>`}
    <label class="row">
      <input
        type="checkbox"
        data-testid="sound"
        .checked=${live(sound)}
        @change=${() => set(rules, !sound)}
      />
      ${words.sound}
    </label>
    <p class="empty">${kept ? words.rulesKept : words.notKept}</p>
    <button type="button" class="primary" data-testid="rules-done" @click=${close}>
      ${words.done}
    </button>
  `;
}

function form({ words, alarms, labels, measure, choose, set }: RulesProps): TemplateResult {
  const positions = { valence: words.valence, arousal: words.arousal };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const rule = ruleIn(new FormData(event.target as HTMLFormElement), measure);
    set([...alarms.rules, rule], alarms.sound);
  };
  const pick = ({ target }: Event) => choose((target as HTMLSelectElement).value);
  return html`
    <form class="rule" autocomplete="off" @submit=${submit}>
      <label>
        ${words.measure}
        <select name="measure" data-testid="rule-measure" @change=${pick}>
          ${[...labels, ...Object.keys(positions)].map(
            (each) =>
              html`<option value=${each} ?selected=${each === measure}>
                ${inWords({ ...words.expressions, ...positions }, each)}
              </option>`,
          )}
        </select>
      </label>
      <label>
        ${words.side}
        <select name="side" ?disabled=${!isPosition(measure)}>
          <option value="below">${words.below}</option>
          <option value="above">${words.above}</option>
        </select>
      </label>
      <label>
        ${words.bound}
        <input
          name="bound"
          type="number"
          min="-1"
          max="1"
          step="0.05"
          value="-0.3"
          required
          ?disabled=${!isPosition(measure)}
        />
      </label>
      <label>
        ${words.atLeast}
        <span class="unit">
          <input name="confidence" type="number" min="0" max="100" value="60" required /> %
        </span>
      </label>
      <label>
        ${words.forSeconds}
        <span class="unit">
          <input
            name="seconds"
            type="number"
            data-testid="rule-seconds"
            min="1"
            max=${MAX_RULE_SECONDS}
            value="20"
            required
          />
          s
        </span>
      </label>
      <button type="submit" data-testid="rule-add">${words.addRule}</button>
    </form>
  `;
}

/** What the form says; fields of a position are off for an expression. */
function ruleIn(said: FormData, measure: string): Rule {
  return {
    id: newId(),
    measure,
    side: said.get("side") === "above" ? "above" : "below",
    bound: Number(said.get("bound") ?? 0),
    confidence: Number(said.get("confidence")) / 100,
    seconds: Number(said.get("seconds")),
  };
}

export function alertInWords(words: Words, { participant, rule }: Alert): string {
  return words.alerted(participant, whatInWords(words, rule), rule.seconds);
}

function ruleInWords(words: Words, rule: Rule): string {
  return words.ruleInWords(whatInWords(words, rule), percent(rule.confidence), rule.seconds);
}

function whatInWords(words: Words, { measure, side, bound }: Rule): string {
  if (!isPosition(measure)) return words.expression(inWords(words.expressions, measure));
  return words.position(words[measure], words[side], signed(bound));
}
