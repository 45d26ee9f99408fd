import { smallUser } from '../mail.ts';
import { withImap } from '../wire.ts';
import { each, type Measure, type Workload } from '../workload.ts';

/** Times a command that is answered in one line; how many messages that names must be the same for every server and round. */
function searching(measure: Measure, command: string, repeat: number): Workload {
  let wanted: number | undefined;
  return {
    measures: [measure],
    run: (server) =>
      withImap(server.imap, smallUser, async (wire) => {
        await wire.command('SELECT INBOX');
        const found = (await wire.command(command)).text.split('\r\n')[0]!.match(/\d+/g)?.length ?? 0;
        wanted ??= found;
        if (found !== wanted) throw new Error(`${command}: ${found} messages, elsewhere ${wanted}`);
        return [await each(repeat, () => wire.command(command))];
      }),
  };
}

export const searchWorkloads: readonly Workload[] = [
  searching({ name: 'SEARCH UNSEEN', unit: 'ms', aim: 1 }, 'SEARCH UNSEEN', 10),
  searching({ name: 'SEARCH SUBJECT, few found', unit: 'ms', aim: 1 }, 'SEARCH SUBJECT "Dachsanierung"', 3),
  searching({ name: 'SEARCH FROM, many found', unit: 'ms', aim: 1 }, 'SEARCH FROM "example"', 3),
  searching({ name: 'SEARCH BODY, none found', unit: 'ms', aim: 10 }, 'SEARCH BODY "zebra crossing"', 1),
  searching({ name: 'SEARCH BODY, few found', unit: 'ms', aim: 10 }, 'SEARCH BODY "message 77 said"', 1),
  searching({ name: 'SORT by date', unit: 'ms', aim: 1 }, 'SORT (DATE) UTF-8 ALL', 3),
  searching({ name: 'SORT by subject', unit: 'ms', aim: 1 }, 'SORT (SUBJECT) UTF-8 ALL', 3),
  searching({ name: 'THREAD by references', unit: 'ms', aim: 1 }, 'THREAD REFERENCES UTF-8 ALL', 3),
];
