/** CRC-32 (ISO-HDLC, as in gzip): zlib's where this Node has it (20.15, 22.2), else a table. */
import * as zlib from 'node:zlib';

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The same by table, one byte at a time. @param start CRC of what came before. */
export function tableCrc32(bytes: Uint8Array, start = 0): number {
  let crc = ~start;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number);
  return ~crc >>> 0;
}

/** Returns the CRC-32 of `bytes`, continuing from `start`. */
export const crc32: (bytes: Uint8Array, start?: number) => number = zlib.crc32 ?? tableCrc32;
