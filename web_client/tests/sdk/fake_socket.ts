/** A WebSocket whose other end is the test. */

import type { Socket, Surroundings } from "../../src/sdk/socket";

export class FakeSocket implements Socket {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  readonly media: Uint8Array[] = [];
  closed = false;

  send(data: string | Uint8Array): void {
    if (typeof data === "string") this.sent.push(JSON.parse(data) as Record<string, unknown>);
    else this.media.push(data);
  }

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.onopen?.(new Event("open"));
  }

  receive(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }

  drop(code: number): void {
    this.onclose?.({ code } as CloseEvent);
  }
}

/** Keeps every socket that the feed opens. */
export class Network implements Surroundings {
  readonly sockets: FakeSocket[] = [];
  readonly protocols: string[][] = [];
  clock = 0;

  connect(_url: string, protocols: string[]): FakeSocket {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    this.protocols.push(protocols);
    return socket;
  }

  now(): number {
    return this.clock;
  }

  random(): number {
    return 1;
  }

  get newest(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("the feed opened no socket");
    return socket;
  }
}
