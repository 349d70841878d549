/** The messages that the Python tests read, too. */

import { readFileSync } from "node:fs";
import type { ServerMessage } from "../src/protocol";

export function golden<T extends ServerMessage["type"]>(
  type: T,
): Extract<ServerMessage, { type: T }> {
  const file = new URL(`../../tests/wire/${type}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Extract<ServerMessage, { type: T }>;
}
