/** Where the sessions of a widget come from. */

import type { Consent, SessionCredentials } from "../protocol";
import { Client, type Entrance, type Modality } from "../sdk/client";
import { EsaprError } from "../sdk/errors";
import type { Session } from "../sdk/session";

export interface Source {
  open(consent: Consent, modalities: Modality[]): Promise<Session>;
  /** Whether it opens another one in place of one that the server has lost. */
  readonly renews: boolean;
}

/** Opens a session through the site's own server, which has the key. */
export type OpenSession = (consent: Consent, modalities: Modality[]) => Promise<SessionCredentials>;

/** Demo sessions, which a server has for its own pages on loopback only. */
export function demonstration(server: string): Source {
  const client = new Client(server);
  return {
    renews: true,
    open: (consent, modalities) => client.session({ consent, modalities, detail: "overlay" }),
  };
}

export function openedBySite(server: string, openSession: OpenSession): Source {
  const client = new Client(server);
  return {
    renews: true,
    open: async (consent, modalities) =>
      client.enter(await openSession(consent, modalities), "overlay"),
  };
}

/** The one session that the site has opened before; there is no other when it is lost. */
export function openedBefore(server: string, entrance: Entrance): Source {
  return {
    renews: false,
    open: async () => {
      if (entrance.session_id && entrance.client_token) {
        return new Client(server).enter(entrance, "overlay");
      }
      throw new EsaprError("no_session", "The page has not said which session this is.");
    },
  };
}
