/** Works out what an account costs on AWS: a month of it is run over the real adapters, and what they ask for is counted and multiplied with list prices. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../infra/config.ts';
import { list } from '../../infra/list-prices.ts';
import { connectionsPerTask, largeFor, listLooksDollars, type Served, standingDollars } from './fleet.ts';
import { countMonth, model, type Receiver } from './month.ts';
import { type Charge, chargesOf, metered, pop3Dollars } from './price.ts';

const cents = (dollars: number): string => (dollars * 100).toFixed(2);
const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;

const table = (charges: readonly Charge[]): string[] => [
  row('what', 'count', 'US cents'),
  row('---', '---:', '---:'),
  ...charges.map(({ what, count, dollars, aside }) =>
    row(aside ? `${what} (aside)` : what, Math.round(count).toLocaleString('en'), cents(dollars)),
  ),
  row('**metered, in all**', '', `**${cents(metered(charges))}**`),
];

const example = (name: string) =>
  readConfig(fileURLToPath(new URL(`../../infra/examples/${name}.json`, import.meta.url)));
const months = { function: await countMonth('function'), server: await countMonth('server') };
const { restingBytes, cold } = months.server.settled;
const connections = 2;
/** Phones and laptops come back some twenty times a day. */
const signIns = connections * 20 * model.days;
const messages = model.days * model.messagesADay;
const readBytes = messages * model.messageBytes * model.devices;
const served = (accounts: number): Served => ({ accounts, connections, restingBytes, readBytes });
const withOwnMx = <C extends { readonly features: object }>(config: C, ownMx: boolean): C => ({
  ...config,
  features: { ...config.features, ownMx },
});

interface Size {
  readonly accounts: number;
  readonly what: string;
  readonly standing: (ownMx: boolean) => number;
  readonly looksEvery: number;
  readonly tasks: number;
  /** US cents of all, where there is an aim. */
  readonly aim?: number;
}

const [small, medium, large] = [example('small'), example('medium'), example('large')];
const sizes: readonly Size[] = [
  {
    accounts: 100,
    what: '`small.json`: one small task, no Valkey',
    standing: (ownMx) => standingDollars(withOwnMx(small, ownMx), served(100)),
    looksEvery: 15,
    tasks: 1,
  },
  {
    accounts: 10_000,
    what: '`medium.json`: two tasks of 1 vCPU and 4 GiB with all services, Valkey',
    standing: (ownMx) => standingDollars(withOwnMx(medium, ownMx), served(10_000)),
    looksEvery: 300,
    tasks: 2,
    aim: 4.5,
  },
  {
    accounts: 1_000_000,
    what: '`large.json` with as many tasks as it takes, in public subnets',
    standing: (ownMx) => standingDollars(largeFor(large, served(1_000_000), ownMx), served(1_000_000)),
    looksEvery: 300,
    tasks: 2,
    aim: 3.3,
  },
];

const chargesAt = ({ accounts, looksEvery, tasks }: Size, receiver: Receiver): readonly Charge[] =>
  chargesOf(months[receiver].counted, {
    receiver,
    looksEvery,
    tasks,
    signIns,
    messagesASecond: (accounts * model.messagesADay) / 86_400,
  });

const verdict = (dollars: number, aim: number | undefined): string =>
  aim === undefined
    ? cents(dollars)
    : `${cents(dollars)} (aim ${aim.toFixed(1)}: ${dollars * 100 < aim ? 'met' : 'missed'})`;

const inAll = sizes.map((size) => {
  const cells = (['function', 'server'] as const).map((receiver) => {
    const requests = metered(chargesAt(size, receiver));
    const standing = size.standing(receiver === 'server') / size.accounts;
    return {
      requests: verdict(requests, 2.5),
      standing: cents(standing),
      all: verdict(requests + standing, size.aim),
    };
  });
  return row(
    size.accounts.toLocaleString('en'),
    ...cells.flatMap(({ requests, standing, all }) => [requests, standing, all]),
  );
});

/** The usual design: each message an item of half a KiB with an index, each change of flags another write of both, POP3 and SELECT a query of all. */
const itemWrites = messages * 2 * (1 + 1 + 0.5 + 0.1 * 2 + 0.1);
const selects = 20 * model.devices * model.days;
const itemReads = selects * Math.ceil((5000 * 500) / 4096);
const usual =
  itemWrites * list.dynamoWriteUnit +
  itemReads * list.dynamoReadUnit +
  messages * (list.s3Put + 4 * list.s3Get);

const [hundred, middle, million] = sizes as [Size, Size, Size];
const largest = largeFor(large, served(1_000_000), false);
const largestTasks = largest.services.profile === 'large' ? largest.services.imap.tasks.min : 0;
const kilobytes = (bytes: number) => Math.round(bytes / 1024);

const text = `# What an account costs on AWS

Written by \`npm run cost\`. A month of one account runs through the real engine and the real adapters for DynamoDB and S3, over services in memory: the requests and capacity units that would be
charged for are counted and multiplied with list prices of us-east-1 (\`infra/list-prices.ts\`, which says what of them was compared with published tables; no free tier is counted). Nothing was ever deployed: no bill has proved this.

The account receives ${model.messagesADay} messages a day of ${model.messageBytes / 1024} KB; ${model.devices} devices read each message, by sessions on two tasks; half are marked read by one of them, a tenth is
filed, a tenth deleted. It is a month old when counting begins. Stored bytes (point-in-time recovery, which is priced by them, too), SES's own price and egress stand aside, as whoever has mail
pays them.

## In all, US cents an account and month

| accounts | requests, with SES | standing | in all | requests, with the own MX | standing | in all |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${inAll.join('\n')}

What stands there:

${sizes.map(({ accounts, what, standing }) => `- ${accounts.toLocaleString('en')} accounts: ${what}: $${standing(false).toFixed(2)} a month with SES, $${standing(true).toFixed(2)} with the own MX.`).join('\n')}

Tasks look every five seconds for sessions that are to end (ARCHITECTURE.md, "Sign-in"): $${listLooksDollars(small).toFixed(2)}, $${listLooksDollars(medium).toFixed(2)} and $${listLooksDollars(largest).toFixed(2)} of it.
A small installation is to stand there for less than $55 a month. An account has ${connections} connections open. One of them takes 71 KB (docs/performance.md), the account at rest ${kilobytes(restingBytes)} KB, in the worst
case once for each connection: ${connectionsPerTask(4096, restingBytes).toLocaleString('en')} connections on a task of 4 GiB where four fifths of what it has for them are used, ${connectionsPerTask(8192, restingBytes).toLocaleString('en')} on one of 8 GiB: ${largestTasks} tasks for
a million accounts. That one processor serves so many has not been tried on AWS.

## Mail received by SES, 10,000 accounts

${table(chargesAt(middle, 'function')).join('\n')}

With 100 accounts each message is a call of its own, and without Valkey tasks look every 15 s: ${cents(metered(chargesAt(hundred, 'function')))}. With a million, calls are full: ${cents(metered(chargesAt(million, 'function')))}. What keeps
requests above the aim are SES's own objects, which cannot be spared (decision 0007). The function opens no account: a delivery reads the last entry of its log (decision 0012).

## Mail received by the own MX, 10,000 accounts

${table(chargesAt(middle, 'server')).join('\n')}

## POP3

A POP3 client that comes every five minutes costs ${cents(pop3Dollars(cold, 0))} cents a month where its account is still open in the task (with Valkey: without, two writes of a lease each time are
${cents(730 * 12 * 2 * list.dynamoWriteUnit)} cents more). A process keeps accounts that nobody holds within an eighth of its memory (\`shared/engine/idle-accounts.ts\`): ${Math.floor((4 * 1024 ** 3) / 8 / restingBytes).toLocaleString('en')} like this one in 4 GiB. A session
that finds its account closed reads ${cold.readUnits} units and ${cold.gets} objects:

| sessions that find it closed | US cents a client |
| ---: | ---: |
${[0, 0.1, 0.5, 1].map((share) => row(`${share * 100} %`, cents(pop3Dollars(cold, share)))).join('\n')}

## What the count leaves out

- What is not an account's own: the admin API's calls.
- Mail for a detail address (ann+lists@) or for Junk, and what the queue gives out again, opens the account: some 11 units and 2 objects, 0.0002 cents a message.
- Header blocks of the model's mail are of one to three KB. A KB more, compressed to a half, is half a unit when it is written and half when it is trimmed: 0.09 cents a month.

## Beside others

- The usual design (an item and an index entry a message, written again with every change of flags, all items of a mailbox of 5,000 messages read at each of 20 SELECTs a
  device and day) would pay ${cents(usual)} cents in requests for the same month.
- Amazon WorkMail was $4 a user and month (as known to the authors; it ends in March 2027), Google Workspace Business Starter is published at $6 to $7.20: those prices hold storage, SES's part and egress as well.
`;

process.stdout.write(text);
writeFileSync(new URL('../../docs/cost.md', import.meta.url), text);
