import { largeUser, smallUser } from '../mail.ts';
import { withImap } from '../wire.ts';
import { each, timed, type Workload } from '../workload.ts';

/** Messages that are copied, moved and expunged. */
const several = 5000;

export const changeWorkloads: readonly Workload[] = [
  {
    measures: [{ name: 'STORE of one', unit: 'ms each', aim: 1 }],
    writes: true,
    run: (server) =>
      withImap(server.imap, smallUser, async (wire) => {
        await wire.command('SELECT INBOX');
        const sign = (i: number) => (i % 2 === 0 ? '+' : '-');
        const ms = await each(200, async (i) => {
          const answer = await wire.command(`UID STORE ${1 + (i >> 1)} ${sign(i)}FLAGS (\\Answered)`);
          answer.expect(' FETCH (', 1);
        });
        return [ms];
      }),
  },
  {
    measures: [{ name: 'STORE of 10,000', unit: 'ms each', aim: 3 }],
    writes: true,
    run: (server, mail) =>
      withImap(server.imap, smallUser, async (wire) => {
        await wire.command('SELECT INBOX');
        const ms = await each(6, (i) =>
          wire.command(`STORE 1:* ${i % 2 === 0 ? '+' : '-'}FLAGS.SILENT (\\Answered)`),
        );
        (await wire.command('UID SEARCH RETURN (COUNT) UNANSWERED')).expect(`COUNT ${mail.small}`, 1);
        return [ms];
      }),
  },
  {
    measures: [
      { name: 'COPY of 5,000', unit: 'ms', aim: 3 },
      { name: 'MOVE of 5,000', unit: 'ms', aim: 3 },
      { name: 'EXPUNGE of 5,000', unit: 'ms', aim: 3 },
    ],
    writes: true,
    run: (server, mail) =>
      withImap(server.imap, smallUser, async (wire) => {
        const count = Math.min(several, mail.small);
        const holds = async (mailbox: string, messages: number) =>
          (await wire.command(`STATUS ${mailbox} (MESSAGES)`)).expect(`MESSAGES ${messages})`, 1);
        await wire.command('CREATE Copied');
        await wire.command('CREATE Moved');
        await wire.command('SELECT INBOX');
        const copy = await timed(() => wire.command(`COPY 1:${count} Copied`));
        await holds('Copied', count);
        await wire.command('SELECT Copied');
        const move = await timed(() => wire.command('MOVE 1:* Moved'));
        await holds('Copied', 0);
        await wire.command('SELECT Moved');
        await wire.command('STORE 1:* +FLAGS.SILENT (\\Deleted)');
        await holds('Moved', count);
        const expunge = await timed(async () =>
          (await wire.command('EXPUNGE')).expect(' EXPUNGE\r\n', count),
        );
        await holds('Moved', 0);
        await wire.command('UNSELECT');
        await wire.command('DELETE Copied');
        await wire.command('DELETE Moved');
        return [copy, move, expunge];
      }),
  },
  {
    measures: [{ name: 'QRESYNC after 100 changes in 100,000', unit: 'ms', aim: 10 }],
    large: true,
    run: (server, mail) =>
      withImap(server.imap, largeUser, async (wire) => {
        await wire.command('ENABLE QRESYNC');
        const selected = (await wire.command('SELECT INBOX')).text;
        const uidValidity = /UIDVALIDITY (\d+)/.exec(selected)![1];
        const modSeq = /HIGHESTMODSEQ (\d+)/.exec(selected)![1];
        const step = Math.floor(mail.large / 100);
        for (let i = 0; i < 100; i++)
          await wire.command(`UID STORE ${i * step + 1} +FLAGS.SILENT (\\Flagged)`);
        const ms = await withImap(server.imap, largeUser, async (other) => {
          await other.command('ENABLE QRESYNC');
          let said = 0;
          const elapsed = await timed(async () => {
            said = (await other.command(`SELECT INBOX (QRESYNC (${uidValidity} ${modSeq}))`)).count(
              ' FETCH (',
            );
          });
          if (said !== 100) throw new Error(`${said} changes instead of 100`);
          return elapsed;
        });
        await wire.command('STORE 1:* -FLAGS.SILENT (\\Flagged)');
        return [ms];
      }),
  },
];
