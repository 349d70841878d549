/** The page of a room: who comes with a token behind the address, or is signed in as staff. */

import "../room";
import type { TokenAnswer } from "../protocol";
import { pageToken } from "./credential";

const element = document.querySelector("esapr-room");

/** Whoever is signed in gets a token of their role; null from everybody else. */
async function staffToken(room: string): Promise<string | null> {
  const path = `/v1/staff/rooms/${encodeURIComponent(room)}/tokens`;
  const answer = await fetch(path, { method: "POST" });
  return answer.ok ? ((await answer.json()) as TokenAnswer).token : null;
}

if (element) {
  const room = decodeURIComponent(location.pathname.split("/").pop() ?? "");
  document.title = `ESAPR – ${room}`;
  element.openRoom = async () => pageToken() ?? staffToken(room);
  element.room = room;
}
