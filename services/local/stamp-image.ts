import { crc32, deflateSync } from 'node:zlib';

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** A postage stamp with a letter on it, as PNG (RFC 2083): the picture in the welcome messages. */
export function stampImage(): Buffer {
  const [width, height] = [96, 72];
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const color = stampColor(x, y, width, height);
      rows.set(color, y * (1 + width * 3) + 1 + x * 3);
    }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits a channel, RGB
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const white = [255, 255, 255];
const blue = [38, 84, 160];
const cream = [250, 244, 228];

function stampColor(x: number, y: number, width: number, height: number): readonly number[] {
  const edge = Math.min(x, y, width - 1 - x, height - 1 - y);
  if (edge < 3) return (x + y) % 6 < 3 ? white : blue; // perforation
  if (edge < 12) return blue;
  // The flap's two folds meet in the middle of the letter.
  const fold = 12 + ((height - 24) / 2) * (1 - Math.abs(x - width / 2) / (width / 2 - 12));
  return Math.abs(y - fold) < 1.2 || edge === 12 ? blue : cream;
}
