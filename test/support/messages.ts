import {
  attachmentEntity,
  crlf,
  type Entity,
  encodeWords,
  inlineImage,
  multipart,
  textEntity,
} from './message-parts.ts';
import { people, subjects } from './message-words.ts';
import { SeededRandom } from './seeded-random.ts';

/** A message that later ones may answer. */
interface Earlier {
  readonly id: string;
  readonly references: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** Of these, newest last, some are answered. */
const rememberedThreads = 40;
const firstDate = Date.UTC(2021, 2, 1, 8);

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

/** RFC 5322 §3.3, the time shown in a zone of whole hours. */
function printDate(ms: number, zone: number): string {
  const d = new Date(ms + zone * 3600_000);
  const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  const offset = `${zone < 0 ? '-' : '+'}${two(Math.abs(zone))}00`;
  return `${days[d.getUTCDay()]}, ${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()} ${time} ${offset}`;
}

function mailbox(random: SeededRandom): string {
  const [name, local, domain] = random.pick(people);
  if (name === '') return `${local}@${domain}`;
  const shown = /[(),.]/.test(name) && /^[ -~]*$/.test(name) ? `"${name}"` : encodeWords(name, random);
  return `${shown} <${local}@${domain}>`;
}

const mailboxes = (random: SeededRandom, most: number): string =>
  Array.from({ length: random.integer(1, most) }, () => mailbox(random)).join(',\r\n ');

function traceFields(random: SeededRandom, date: number): string[] {
  return Array.from({ length: random.integer(1, 4) }, (_, i) => {
    const hop = random.bytes(5).toString('hex');
    const at = printDate(date + (4 - i) * 2000, 0);
    return `Received: from mx${random.integer(1, 9)}.example.net (mx.example.net [192.0.2.${random.integer(1, 254)}])\r\n\tby relay${i}.example.org with ESMTPS id ${hop}\r\n\tfor <reader@example.org>; ${at}`;
  });
}

function signatureField(random: SeededRandom): string {
  const b = random
    .bytes(192)
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\r\n\t ');
  return `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1;\r\n\th=from:to:subject:date:message-id; bh=${random.bytes(32).toString('base64')};\r\n\tb=${b}`;
}

const listFields = (random: SeededRandom): string[] => {
  const list = random.pick(['announce', 'devel', 'friends']);
  return [
    `List-Id: <${list}.lists.example.org>`,
    `List-Unsubscribe: <https://lists.example.org/${list}/leave>,\r\n <mailto:${list}-leave@lists.example.org>`,
    `List-Post: <mailto:${list}@lists.example.org>`,
    'Precedence: list',
  ];
};

/** The body as clients build it: a text alone, or with HTML beside it, pictures in it, files and forwarded mail with it. */
function content(random: SeededRandom, quoted: string, forwarded: Buffer | undefined): Entity {
  const plain = textEntity(random, 'plain', quoted);
  const kind = random.next();
  if (kind < 0.35) return plain;
  const html = textEntity(random, 'html');
  if (kind < 0.4) return html;
  const id = `${random.bytes(6).toString('hex')}@example`;
  const rich = random.chance(0.2) ? multipart(random, 'related', [html, inlineImage(random, id)]) : html;
  const alternative = multipart(random, 'alternative', [plain, rich]);
  if (kind < 0.75) return alternative;
  const files = Array.from({ length: random.integer(1, 3) }, () => attachmentEntity(random));
  if (kind > 0.95 && forwarded !== undefined)
    files.push({ fields: ['Content-Type: message/rfc822', 'Content-Disposition: inline'], body: forwarded });
  return multipart(random, 'mixed', [random.chance(0.5) ? alternative : plain, ...files]);
}

/**
 * `count` messages as they come to a busy person, well-formed, CRLF throughout, some 10 KB each on average: threads, lists,
 * several charsets and encodings, MIME trees, attachments. The same for the same seed.
 */
export function* generateMessages(count: number, seed: number): Generator<Buffer<ArrayBuffer>> {
  const threads: Earlier[] = [];
  let previous: Buffer | undefined;
  for (let n = 0; n < count; n++) {
    const random = new SeededRandom(seed, n);
    const answered = threads.length > 0 && random.chance(0.45) ? random.pick(threads) : undefined;
    const date = firstDate + n * 1_800_000 + random.integer(0, 1_799_000);
    const id = `<${random.bytes(9).toString('hex')}.${n}@${random.pick(people)[2]}>`;
    const subject = answered ? `Re: ${answered.subject.replace(/^Re: /, '')}` : random.pick(subjects);
    const references = answered ? [...answered.references, answered.id].slice(-12) : [];
    const entity = content(random, answered?.text ?? '', previous);
    const fields = [
      ...(random.chance(0.5) ? [`Return-Path: <bounce-${n}@example.net>`] : []),
      ...traceFields(random, date),
      ...(random.chance(0.5) ? [signatureField(random)] : []),
      `Date: ${printDate(date, random.integer(-8, 9))}`,
      `From: ${mailbox(random)}`,
      `To: ${mailboxes(random, 3)}`,
      ...(random.chance(0.25) ? [`Cc: ${mailboxes(random, 6)}`] : []),
      `Subject: ${encodeWords(subject, random)}`,
      `Message-ID: ${id}`,
      ...(answered ? [`In-Reply-To: ${answered.id}`, `References: ${references.join('\r\n ')}`] : []),
      ...(random.chance(0.2) ? listFields(random) : []),
      ...(random.chance(0.4) ? ['X-Mailer: Example Mail 7.2'] : []),
      'MIME-Version: 1.0',
      ...entity.fields,
    ];
    const message = Buffer.concat([Buffer.from(`${crlf(fields)}\r\n`), entity.body]);
    threads.push({ id, references, subject, text: `message ${n} said so\r\nand this` });
    if (threads.length > rememberedThreads) threads.shift();
    previous = message.length < 20_000 ? message : undefined;
    yield message;
  }
}
