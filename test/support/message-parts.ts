import { attachments, type Language, wordsOf } from './message-words.ts';
import type { SeededRandom } from './seeded-random.ts';

/** One entity: its MIME header fields and its body, lines ended by CRLF, without the empty line between them. */
export interface Entity {
  readonly fields: readonly string[];
  readonly body: Buffer;
}

export const crlf = (lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('');

/** RFC 2047, in words of at most 75 characters; plain ASCII stays as it is. */
export function encodeWords(text: string, random: SeededRandom): string {
  if (/^[ -~]*$/.test(text)) return text;
  const encodings = random.chance(0.5) ? 'B' : 'Q';
  const words: string[] = [];
  let held = '';
  for (const character of [...text, '']) {
    if (character !== '' && Buffer.byteLength(held + character) <= 18) {
      held += character;
      continue;
    }
    const bytes = Buffer.from(held);
    const q = () => [...bytes].map((b) => `=${b.toString(16).toUpperCase().padStart(2, '0')}`).join('');
    words.push(`=?utf-8?${encodings}?${encodings === 'B' ? bytes.toString('base64') : q()}?=`);
    held = character;
  }
  return words.join('\r\n ');
}

function sentences(random: SeededRandom, language: Language, words: number): string {
  const vocabulary = wordsOf[language];
  const glue = language === 'japanese' ? '' : ' ';
  let line = '';
  const lines: string[] = [];
  for (let i = 0; i < words; i++) {
    const word =
      random.pick(vocabulary) + (random.chance(0.08) ? (language === 'japanese' ? '。' : '.') : '');
    if (line.length + word.length > 72) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : glue + word;
    if (!random.chance(0.02)) continue;
    lines.push(line, '');
    line = '';
  }
  return [...lines, line].join('\r\n');
}

const base64Lines = (bytes: Buffer): Buffer =>
  Buffer.from(
    bytes
      .toString('base64')
      .replace(/.{76}/g, '$&\r\n')
      .replace(/(?<!\r\n)$/, '\r\n'),
    'latin1',
  );

/** RFC 2045 §6.7. */
function quotedPrintable(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split('\r\n');
  const encoded = lines.map((line) => {
    let out = '';
    let column = 0;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      const plain = code >= 0x20 && code < 0x7f && code !== 0x3d && !(code === 0x20 && i === line.length - 1);
      const token = plain ? line[i]! : `=${code.toString(16).toUpperCase().padStart(2, '0')}`;
      if (column + token.length > 75) {
        out += '=\r\n';
        column = 0;
      }
      out += token;
      column += token.length;
    }
    return out;
  });
  return Buffer.from(encoded.join('\r\n'), 'latin1');
}

/** A text in one of the ways in which people's clients write it. */
export function textEntity(random: SeededRandom, subtype: 'plain' | 'html', quoted = ''): Entity {
  const language = random.pick(['english', 'english', 'english', 'german', 'russian', 'japanese'] as const);
  const words = random.chance(0.1) ? random.integer(800, 2500) : random.integer(20, 350);
  const prose = sentences(random, language, words);
  const answer = quoted === '' ? prose : `${prose}\r\n\r\n${quoted.replace(/^|(?<=\n)/g, '> ')}`;
  const text =
    subtype === 'plain'
      ? `${answer}\r\n`
      : `<html><body>\r\n<p>${answer.replaceAll('\r\n\r\n', '</p>\r\n<p>')}</p>\r\n</body></html>\r\n`;
  const ascii = /^[\r\n -~]*$/.test(text);
  const latin1 = /^[\r\n -~\u00a0-\u00ff]*$/.test(text);
  const charset = ascii ? 'us-ascii' : latin1 && random.chance(0.5) ? 'iso-8859-1' : 'utf-8';
  const bytes = Buffer.from(text, charset === 'iso-8859-1' ? 'latin1' : 'utf8');
  const encoding = ascii
    ? random.pick(['7bit', '7bit', 'quoted-printable', 'base64'] as const)
    : random.pick(['8bit', 'quoted-printable', 'base64'] as const);
  const body =
    encoding === 'base64'
      ? base64Lines(bytes)
      : encoding === 'quoted-printable'
        ? quotedPrintable(bytes)
        : bytes;
  const flowed = subtype === 'plain' && random.chance(0.3) ? '; format=flowed' : '';
  return {
    fields: [
      `Content-Type: text/${subtype}; charset="${charset}"${flowed}`,
      ...(encoding === '7bit' && random.chance(0.5) ? [] : [`Content-Transfer-Encoding: ${encoding}`]),
    ],
    body,
  };
}

/** RFC 2231 where the name is not ASCII. */
const nameParameter = (name: string, parameter: string): string =>
  /^[ -~]*$/.test(name) ? `${parameter}="${name}"` : `${parameter}*=utf-8''${encodeURIComponent(name)}`;

/** Mostly small, a few large: 6 KB on average. */
function attachmentSize(random: SeededRandom): number {
  if (random.chance(0.02)) return random.integer(60_000, 200_000);
  return random.chance(0.2) ? random.integer(5_000, 20_000) : random.integer(100, 4_000);
}

export function attachmentEntity(random: SeededRandom): Entity {
  const [name, type] = random.pick(attachments);
  return {
    fields: [
      `Content-Type: ${type};\r\n ${nameParameter(name, 'name')}`,
      `Content-Disposition: attachment;\r\n ${nameParameter(name, 'filename')}`,
      'Content-Transfer-Encoding: base64',
    ],
    body: base64Lines(random.bytes(attachmentSize(random))),
  };
}

export function inlineImage(random: SeededRandom, id: string): Entity {
  return {
    fields: [
      'Content-Type: image/png',
      `Content-ID: <${id}>`,
      'Content-Disposition: inline; filename="image.png"',
      'Content-Transfer-Encoding: base64',
    ],
    body: base64Lines(random.bytes(random.integer(200, 6_000))),
  };
}

export function multipart(random: SeededRandom, subtype: string, parts: readonly Entity[]): Entity {
  const boundary = `=_${random.bytes(12).toString('hex')}`;
  const preamble = random.chance(0.3) ? 'This is a multi-part message in MIME format.\r\n' : '';
  const pieces = parts.flatMap(({ fields, body }) => [
    Buffer.from(`--${boundary}\r\n${crlf(fields)}\r\n`),
    body,
    Buffer.from('\r\n'),
  ]);
  return {
    fields: [`Content-Type: multipart/${subtype};\r\n boundary="${boundary}"`],
    body: Buffer.concat([Buffer.from(preamble), ...pieces, Buffer.from(`--${boundary}--\r\n`)]),
  };
}
