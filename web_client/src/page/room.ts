/** The page of a room: who comes with a token behind the address, or is signed in as staff. */

import type { TokenAnswer } from "../protocol";
import "../room";
import { problemIn } from "../sdk/errors";
import { pageToken } from "./credential";

const element = document.querySelector("esapr-room");

/** A token of the role of whoever is signed in; null where nobody can sign in. */
async function staffToken(room: string): Promise<string | null> {
  const path = `/v1/staff/rooms/${encodeURIComponent(room)}/tokens`;
  const answer = await fetch(path, { method: "POST" });
  if (answer.ok) return ((await answer.json()) as TokenAnswer).token;
  // There is no such room, or no such call.
  if (answer.status === 404 && !(await fetch("/v1/staff/session")).ok) return null;
  throw await problemIn(answer);
}

if (element) {
  const room = decodeURIComponent(location.pathname.split("/").pop() ?? "");
  document.title = `ESAPR – ${room}`;
  element.signIn = `/staff/sign-in?page=${location.pathname}`;
  element.openRoom = async () => pageToken() ?? staffToken(room);
  element.room = room;
}
