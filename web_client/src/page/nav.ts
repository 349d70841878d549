/** `<esapr-nav>`: the ways between the pages of a server. A page that joins adds a line. */

import { css, html, LitElement, type TemplateResult, unsafeCSS } from "lit";
import { languageOf } from "../messages";
import tokens from "../style/tokens.css?inline";

const PAGES = [
  { path: "/", en: "Live", de: "Live" },
  { path: "/analyze", en: "Recordings", de: "Aufnahmen" },
  { path: "/staff", en: "Sessions", de: "Sitzungen" },
  { path: "/embed-check", en: "Embedding", de: "Einbetten" },
] as const;
const LABEL = { en: "Pages", de: "Seiten" } as const;

class EsaprNav extends LitElement {
  static override styles = [
    unsafeCSS(tokens),
    css`
      nav {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
      }

      a {
        display: grid;
        place-content: center;
        min-height: 44px;
        min-width: 44px;
        padding-inline: 12px;
        border-radius: 8px;
        color: var(--e-muted);
        font-weight: 550;
        text-decoration: none;
      }

      a:hover {
        color: var(--e-text);
        text-decoration: underline;
      }

      a[aria-current="page"] {
        color: var(--e-text);
        box-shadow: inset 0 -2px 0 var(--e-accent);
        border-radius: 0;
      }

      a:focus-visible {
        outline: 2px solid var(--e-accent);
        outline-offset: -2px;
      }

      @media (max-width: 479px) {
        nav {
          gap: 0;
        }

        a {
          padding-inline: 8px;
          font-size: 14px;
        }
      }
    `,
  ];

  protected override render(): TemplateResult {
    const language = languageOf(this) === "de" ? "de" : "en";
    const link = (page: (typeof PAGES)[number]) => {
      const here = page.path === location.pathname ? "page" : "false";
      return html`<a href=${page.path} aria-current=${here}>${page[language]}</a>`;
    };
    return html`<nav aria-label=${LABEL[language]}>${PAGES.map(link)}</nav>`;
  }
}

customElements.define("esapr-nav", EsaprNav);
