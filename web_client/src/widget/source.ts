/** Where the sessions of a widget come from. */

import type { Consent, Notice, SessionCredentials } from "../protocol";
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

/** What a site says of where sessions come from. */
export interface Origin extends Opened {
  server: string;
  demo: boolean;
  openSession: OpenSession | null;
}

export function sourceOf(origin: Origin, opened: (entrance: Entrance) => void): Source {
  const { renews, open } = sourceFrom(origin);
  return {
    renews,
    open: async (consent, modalities) => {
      const session = await open(consent, modalities);
      opened(session.credentials);
      return session;
    },
  };
}

function sourceFrom(origin: Origin): Source {
  const server = new URL(origin.server, location.href).href;
  if (origin.openSession) return openedBySite(server, origin.openSession);
  return origin.demo ? demonstration(server) : openedBefore(server, origin);
}

/** Demo sessions, which a server has for its own pages on loopback only. */
function demonstration(server: string): Source {
  const client = new Client(server);
  return {
    renews: true,
    open: (consent, modalities) => client.session({ consent, modalities, detail: "overlay" }),
  };
}

function openedBySite(server: string, openSession: OpenSession): Source {
  const client = new Client(server);
  return {
    renews: true,
    open: async (consent, modalities) =>
      client.enter(await openSession(consent, modalities), "overlay"),
  };
}

/** What a site says of a session that it has opened: the whole answer, or its parts. */
interface Opened {
  credentials: Entrance | null;
  session: string;
  clientToken: string;
  feedUrl: string;
  whipUrl: string;
}

/** The one session that the site has opened before; there is no other when it is lost. */
function openedBefore(server: string, opened: Opened): Source {
  const { session, clientToken } = opened;
  const entrance = opened.credentials ?? {
    session_id: session,
    client_token: clientToken,
    feed_url: opened.feedUrl || `/v1/sessions/${session}/feed`,
    whip_url: opened.whipUrl || `/v1/sessions/${session}/whip`,
    ice_servers: [],
  };
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

/** What a person agrees to. */
export type AgreedNotice = Pick<Notice, "text" | "version" | "language" | "covers">;

/** The site's own text, or the server's in a language, or in English if it is not there. */
export async function noticeFor(
  site: { server: string; notice: string; textVersion: string },
  language: string,
): Promise<AgreedNotice> {
  if (site.notice) return { text: site.notice, version: site.textVersion, language };
  return noticeIn(new URL(site.server, location.href).href, language);
}

/** A server's notice in a language, or in English if it is not there. */
export async function noticeIn(server: string, language: string): Promise<Notice> {
  const client = new Client(server);
  const notice = await client.notice();
  const other = notice.language !== language && notice.languages.includes(language);
  return other ? client.notice(language) : notice;
}

/** Path and fragment of the report's page for a session whose states are kept; null for others. */
export function reportAddress(session: Session, receipt: Consent | null): string | null {
  if (!receipt?.covers?.includes("records")) return null;
  const { client_token: token } = session.credentials;
  return `/report/${session.id}#token=${token}`;
}
