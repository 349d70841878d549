/** What the feed takes from its surroundings: sockets, the time and chance. */

/** The part of a WebSocket that the feed uses. */
export interface Socket {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface Surroundings {
  connect(url: string, protocols: string[]): Socket;
  now(): number;
  random(): number;
}

export const BROWSER: Surroundings = {
  connect: (url, protocols) => new WebSocket(url, protocols),
  now: () => performance.now(),
  random: () => Math.random(),
};
