/** The golden messages that the Python tests read, in both formats. */

import { decode, encode } from "@msgpack/msgpack";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const WIRE = new URL("../../tests/wire/", import.meta.url);
const TYPES = readdirSync(WIRE)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length));

function golden(name: string): Buffer {
  return readFileSync(new URL(name, WIRE));
}

describe.each(TYPES)("%s", (type) => {
  const message: unknown = JSON.parse(golden(`${type}.json`).toString());

  test("is the same in JSON and MessagePack", () => {
    expect(decode(golden(`${type}.msgpack`))).toEqual(message);
  });

  test("comes back as it was from both formats", () => {
    expect(JSON.parse(JSON.stringify(message))).toEqual(message);
    expect(decode(encode(message))).toEqual(message);
  });
});

test("the head of a media message is written with a DataView", () => {
  const samples = [0, 32_767, -32_768];
  const view = new DataView(new ArrayBuffer(12 + 2 * samples.length));
  const [PCM, VERSION, HZ_48000] = [2, 1, 7];
  [PCM, VERSION, HZ_48000, 0].forEach((byte, offset) => view.setUint8(offset, byte));
  view.setBigUint64(4, 12_345n, true);
  samples.forEach((sample, index) => view.setInt16(12 + 2 * index, sample, true));

  expect(Buffer.from(view.buffer)).toEqual(golden("pcm.bin"));
});
