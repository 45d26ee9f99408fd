import { SeededRandom } from '../support/seeded-random.ts';

/** Most are small, some need a file of their own in the embedded store. */
function lineCount(random: SeededRandom): number {
  if (random.chance(0.03)) return random.integer(1800, 2600);
  return random.chance(0.2) ? random.integer(100, 600) : random.integer(1, 30);
}

/** The message that only this token gives: what is read back can be compared without keeping what was sent. ASCII. */
export function messageOf(token: string): Buffer {
  let seed = 0;
  for (const character of token) seed = (Math.imul(seed, 31) + character.charCodeAt(0)) | 0;
  const random = new SeededRandom(seed);
  const lines = [
    'From: load@elsewhere.test',
    'To: reader@example.test',
    `Subject: ${token}`,
    `Message-ID: <${token}@elsewhere.test>`,
    'Date: Tue, 03 Mar 2026 10:11:12 +0100',
    '',
  ];
  const pattern = random.bytes(54).toString('base64');
  for (let count = lineCount(random); count > 0; count--) lines.push(`${count} ${pattern}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}
