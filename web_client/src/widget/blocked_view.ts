/** Why it does not go on, and what to do about it. */

import { html, nothing, type TemplateResult } from "lit";
import { inWords, type Messages } from "../messages";
import type { BlockedCode } from "../sdk/blocked";
import { DeviceError } from "../sdk/capture";
import type { EsaprError } from "../sdk/errors";

export interface BlockedProps {
  words: Messages;
  problem: EsaprError;
  /** Whether something is left to measure without the devices that stay closed. */
  dispensable: boolean;
  tryAgain(): void;
  leaveOut(error: DeviceError): void;
  cancel(): void;
}

export function blockedView(props: BlockedProps): TemplateResult {
  const { words, problem } = props;
  const device = problem instanceof DeviceError ? problem : null;
  const steps = device ? stepsFor(words, device) : [];
  return html`
    <section class="card blocked" tabindex="-1" data-testid="blocked" data-code=${problem.code}>
      <h2 tabindex="-1">${device ? titleFor(words, device) : problemInWords(words, problem)}</h2>
      ${
        steps.length > 0
          ? html`<ol class="steps">
              ${steps.map((step) => html`<li>${step}</li>`)}
            </ol>`
          : nothing
      }
      <div class="buttons">
        <button type="button" class="primary" data-testid="try-again" @click=${props.tryAgain}>
          ${words.tryAgain}
        </button>
        ${device && props.dispensable ? without(props, device) : nothing}
        <button type="button" @click=${props.cancel}>${words.cancel}</button>
      </div>
      <p class="support">${words.details}: <code>${problem.code}</code> ${problem.message}</p>
    </section>
  `;
}

function without({ words, leaveOut }: BlockedProps, problem: DeviceError): TemplateResult {
  const devices = problem.devices.map((device) => words.device[device]).join(` ${words.and} `);
  return html`<button type="button" data-testid="leave-out" @click=${() => leaveOut(problem)}>
    ${words.continueWithout(devices)}
  </button>`;
}

function titleFor(words: Messages, { code }: DeviceError): string {
  return words.blockedTitle[code as BlockedCode];
}

function stepsFor(words: Messages, { code }: DeviceError): readonly string[] {
  const steps = words.blockedSteps[code as BlockedCode];
  const settings = code === "permission_denied" && isSafari(navigator.userAgent);
  return settings ? [words.safariStep] : steps;
}

/** Chromium and its kin name Safari, too. */
export function isSafari(userAgent: string): boolean {
  return /Safari\//.test(userAgent) && !/Chrom(e|ium)\/|CriOS|FxiOS|EdgiOS|Android/.test(userAgent);
}

/** What went wrong, in the reader's language where the code is known. */
export function problemInWords(words: Messages, { code, message }: EsaprError): string {
  const known: Record<string, string> = {
    unreachable: words.unreachable,
    timeout: words.timeout,
    device_lost: words.device_lost,
    media_lost: words.media_lost,
    not_found: words.not_found,
    consent_required: words.consent_required,
    overloaded: words.overloaded,
  };
  return known[code] ?? words.otherProblem(message || inWords({}, code));
}
