import { smallUser } from '../mail.ts';
import type { Server } from '../server.ts';
import { type Endpoint, imap, withImap } from '../wire.ts';
import { each, type Workload } from '../workload.ts';

const signIn = (name: string, pick: (server: Server) => Endpoint): Workload => ({
  measures: [{ name, unit: 'ms each', aim: 1 }],
  run: async (server) => [
    await each(100, async () => {
      const wire = await imap(pick(server), smallUser);
      await wire.command('LOGOUT');
      wire.close();
    }),
  ],
});

export const signInWorkloads: readonly Workload[] = [
  signIn('sign in and out, plain', (server) => server.imap),
  signIn('sign in and out, TLS', (server) => server.imaps),
  {
    measures: [{ name: 'SELECT of 10,000', unit: 'ms each', aim: 1 }],
    run: async (server, mail) => [
      await withImap(server.imap, smallUser, async (wire) => {
        (await wire.command('SELECT INBOX')).expect(`* ${mail.small} EXISTS`, 1);
        return each(100, () => wire.command('SELECT INBOX'));
      }),
    ],
  },
];
