/**
 * What a page of this server is let in with: a token that stands behind `#token=` in its address,
 * where no server and no log sees it; without one, whoever is signed in as staff.
 */

import { own } from "../sdk/tokens";

const FRAGMENT = /^#token=([\w.-]+)$/;

/**
 * The page's token, or null. It leaves the address bar and the history at once, and stays with the
 * tab, so that the page can be reloaded.
 */
export function pageToken(): string | null {
  const kept = `esapr-token ${location.pathname}`;
  const [, token] = FRAGMENT.exec(location.hash) ?? [];
  if (token !== undefined) {
    sessionStorage.setItem(kept, own(token));
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(kept);
}

/** The headers with which `token` is presented. */
export function presenting(token: string | null): Record<string, string> {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}
