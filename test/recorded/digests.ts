import { createHash } from 'node:crypto';
import type { Account } from '../../shared/engine/account.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { answerColumns } from '../../shared/engine/segment.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import { answersVersion } from '../../shared/imap/stored-answers.ts';

/** Of engines that make and read recordings: so little that a few messages out of some dozens are worth copies. */
export const scatteredBytes = 4096;

/** What a release makes of an account, whether it read the whole log or a snapshot. */
export interface Told {
  /** shared/engine/state-digest.ts, after the last entry. */
  readonly state: string;
  /** Of the email ids and header records of all messages that there are, as `messagesDigest` has it. */
  readonly messages: string;
}

/** What only snapshots say of messages. */
export interface Kept {
  /** Of what a search learns from the signatures of their texts. */
  readonly texts: string;
  /** Of the answers of FETCH that are stored, how many there are, and their version: those of another one are not used. */
  readonly answers: { readonly version: number; readonly count: number; readonly digest: string };
}

export const digestsOf = async (account: Account): Promise<Told> => ({
  state: stateDigest(await account.whole()),
  messages: await messagesDigest(account),
});

export const keptOf = async (account: Account): Promise<Kept> => ({
  texts: await textsDigest(account),
  answers: await answersDigest(account),
});

export const numbersIn = ({ chunks }: Mailbox): number[] =>
  chunks.flatMap(({ length, fixed }) => [...fixed.message.subarray(0, length)]);

/** The messages that are in mailboxes, in order of arrival. */
function messagesOf({ mailboxes }: AccountState): number[] {
  const numbers = new Set([...mailboxes].flatMap(numbersIn));
  return [...numbers].sort((a, b) => a - b);
}

async function messagesDigest(account: Account): Promise<string> {
  const numbers = messagesOf(await account.whole());
  const ids = await account.emailIds(numbers);
  const records = await account.records(numbers);
  const hash = createHash('sha256');
  records.forEach(({ envelope, root, header, preview }, i) => {
    hash.update(JSON.stringify([ids[i], envelope, root, ...(preview === undefined ? [] : [preview])]));
    hash.update(header);
  });
  return hash.digest('hex');
}

/** Some are in few of the texts, some in many, some in none. */
const needles = [
  ...['invoice', 'delivery', 'schedule', 'minutes', 'attached', 'regards', 'draft', 'version', 'account'],
  ...['branch', 'merge', 'letter', 'order', 'photograph', 'holiday', 'contract', 'issue 7', 'letter abc'],
  ...['спасибо', 'встреча', 'お願い', 'いたします', 'so these would', 'poste restante', 'no such words'],
];

async function textsDigest(account: Account): Promise<string> {
  const absent = await account.absentTexts(messagesOf(await account.whole()), needles);
  return createHash('sha256').update(absent.join()).digest('hex');
}

/** Read as clients ask: of one mailbox's messages, so that copies are read where it has them. */
async function answersDigest(account: Account): Promise<Kept['answers']> {
  const hash = createHash('sha256');
  let count = 0;
  for (const mailbox of (await account.whole()).mailboxes)
    for (const column of answerColumns)
      for (const slice of await account.answers([...new Set(numbersIn(mailbox))], column, mailbox.id)) {
        const octets = slice?.bytes.subarray(slice.from, slice.to);
        hash.update(`${octets?.length ?? '-'}\n`);
        if (octets === undefined) continue;
        hash.update(octets);
        count++;
      }
  return { version: answersVersion, count, digest: hash.digest('hex') };
}
