/** What the person is asked before anything is opened or sent, each way by itself. */

import type { ReactiveControllerHost, TemplateResult } from "lit";
import { languageOf, type Messages } from "../messages";
import { consent, type Cover, type Modality } from "../sdk/client";
import { closingView } from "../widget/closing_view";
import { consentView, coversOf, traitsCoverable, withOrWithout } from "../widget/consent_view";
import { type AgreedNotice, noticeIn } from "../widget/source";
import { MEASURED, type Way } from "./ways";
import type { Words } from "./words";
import type { Agreement } from "./work";

type Host = ReactiveControllerHost & Element;

export class Consenting {
  refused = false;
  readonly #host: Host;
  readonly #agreements = new Map<Way, Agreement>();
  #notice: AgreedNotice | null = null;
  #chosen: ReadonlySet<Modality> = new Set();
  #covered: ReadonlySet<Cover> = new Set();
  #incomplete = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Reads what people are told; throws an `EsaprError`. */
  async learn(): Promise<void> {
    if (this.#notice === null) this.#notice = await noticeIn(location.href, languageOf(this.#host));
    this.#host.requestUpdate();
  }

  /** What was agreed to for what comes this way; null before. */
  agreement(way: Way): Agreement | null {
    return this.#agreements.get(way) ?? null;
  }

  /** Asks anew what was not agreed to. */
  ask(): void {
    this.#chosen = new Set();
    this.#covered = new Set();
    this.refused = this.#incomplete = false;
    this.#host.requestUpdate();
  }

  /** Forgets what was agreed to, because the server does not take it any more. */
  forget(): void {
    this.#agreements.clear();
    this.#notice = null;
    this.ask();
  }

  view(way: Way, words: Words, messages: Messages): TemplateResult {
    if (this.refused) {
      const again = () => this.ask();
      return closingView(messages.refusedTitle, [words.refused], messages.readAgain, again);
    }
    const hints = {
      useFaceHint: words.faceHint,
      useVoiceHint: words.voiceHint,
      useTextHint: words.textHint,
    };
    const { consentTitle, where, kept, chooseTitle, agree } = words;
    return consentView({
      words: { ...messages, ...hints, consentTitle, where, kept, chooseTitle, agree },
      host: location.host,
      notice: this.#notice,
      offered: MEASURED[way],
      chosen: this.#chosen,
      coverable: traitsCoverable(this.#notice, MEASURED[way]),
      covered: this.#covered,
      incomplete: this.#incomplete,
      choose: (modality, chosen) => this.#choose(modality, chosen),
      cover: (cover, covered) => {
        this.#covered = withOrWithout(this.#covered, cover, covered);
        this.#host.requestUpdate();
      },
      agree: () => this.#agree(way),
      refuse: () => {
        this.refused = true;
        this.#host.requestUpdate();
      },
    });
  }

  #choose(modality: Modality, chosen: boolean): void {
    this.#chosen = withOrWithout(this.#chosen, modality, chosen);
    this.#incomplete = false;
    this.#host.requestUpdate();
  }

  #agree(way: Way): void {
    const modalities = MEASURED[way].filter((modality) => this.#chosen.has(modality));
    this.#incomplete = modalities.length === 0;
    this.#host.requestUpdate();
    if (this.#incomplete || this.#notice === null) return;
    const { version, language } = this.#notice;
    const covers = coversOf(traitsCoverable(this.#notice, modalities), this.#covered);
    const receipt = consent("self", version, "button", { language, ...covers });
    this.#agreements.set(way, { consent: receipt, modalities });
  }
}
