/** The calls that staff make. Their cookie goes along by itself, to this page's own origin. */

import type { OpenRooms, RecordedSessions, SignedOut, StaffInfo } from "../protocol";
import { EsaprError, problemIn } from "../sdk/errors";

const SESSION = "/v1/staff/session";
const SESSIONS = "/v1/staff/sessions";
const PAGE = "/staff";

/** What the page shows to whoever may see it; `recorded` is null where no records are kept. */
export interface Work {
  who: StaffInfo;
  rooms: OpenRooms;
  recorded: RecordedSessions | null;
}

/** Where the browser goes to sign in and come back. */
export const SIGN_IN = `/staff/sign-in?page=${PAGE}`;

/** Throws an `EsaprError`, for one `sign_in_required`. */
export async function work(): Promise<Work> {
  const signedIn = await call(SESSION);
  if (signedIn.status === 204) throw new EsaprError("sign_in_required", "nobody is signed in");
  const who = (await signedIn.json()) as StaffInfo;
  const [rooms, recorded] = await Promise.all([
    ask<OpenRooms>("/v1/staff/rooms"),
    who.records ? sessions() : null,
  ]);
  return { who, rooms, recorded };
}

/** The sessions of `path`, which is the newest, or what `next` named; throws as `work`. */
export function sessions(path = SESSIONS): Promise<RecordedSessions> {
  return ask<RecordedSessions>(path);
}

/** Signs out and returns where the browser goes next; throws as `work`. */
export async function signOut(): Promise<string> {
  return (await ask<SignedOut>(SESSION, "DELETE")).next;
}

async function ask<Answer>(path: string, method = "GET"): Promise<Answer> {
  return (await (await call(path, method)).json()) as Answer;
}

async function call(path: string, method = "GET"): Promise<Response> {
  const answer = await fetch(path, { method });
  if (!answer.ok) throw await problemIn(answer);
  return answer;
}
