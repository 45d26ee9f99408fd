/** Works out what an account costs on AWS: a month of it is run over counting ports, and the counts are multiplied with list prices. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../infra/config.ts';
import { list } from '../../infra/list-prices.ts';
import { fixedPrices } from '../../infra/prices.ts';
import { countMonth, model } from './month.ts';
import { type Charge, chargesOf, fleetDollars, metered } from './price.ts';

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

const [byFunction, byServer] = [await countMonth('function'), await countMonth('server')];
const safety = 300;
const ses = chargesOf(byFunction, 'function', { everySeconds: 15, tasks: 1 });
const mx = chargesOf(byServer, 'server', { everySeconds: safety, tasks: 1 });

const small = readConfig(fileURLToPath(new URL('../../infra/examples/small.json', import.meta.url)));
const smallFixed = fixedPrices(small).reduce((sum, { dollars }) => sum + dollars, 0);
const connections = 2;
const bytes = model.days * model.messagesADay * model.messageBytes * model.devices;

const sizes = [10_000, 1_000_000].map((accounts) => {
  const fleet = fleetDollars({ accounts, connections }, bytes) / accounts;
  return { accounts, fleet, ses: metered(ses) + fleet, mx: metered(mx) + fleet };
});
const aims: Readonly<Record<number, number>> = { 10000: 4.5, 1000000: 3.3 };
const verdict = (value: number, aim: number): string =>
  `${cents(value)} (aim ${aim.toFixed(1)}: ${value * 100 < aim ? 'met' : 'missed'})`;

/** The usual design: each message an item of half a KiB with an index, each change of flags another write of both, POP3 and SELECT a query of all. */
const messages = model.days * model.messagesADay;
const itemWrites = messages * 2 * (1 + 1 + 0.5 + 0.1 * 2 + 0.1);
const selects = 20 * model.devices * model.days;
const itemReads = selects * Math.ceil((5000 * 500) / 4096);
const usual =
  itemWrites * list.dynamoWriteUnit +
  itemReads * list.dynamoReadUnit +
  messages * (list.s3Put + 4 * list.s3Get);

const text = `# What an account costs on AWS

Written by \`npm run cost\`. A month of one account runs through the real engine over ports that count what DynamoDB and S3 would charge for; the counts are multiplied
with list prices of us-east-1 (\`infra/list-prices.ts\`, which says what of them was compared with published tables). Nothing was ever deployed: no bill has proved this.

The account receives ${model.messagesADay} messages a day of ${model.messageBytes / 1024} KB; ${model.devices} devices read each message, half are marked read by one of them, a tenth is filed, a tenth
deleted. It is a month old when counting begins. Stored bytes, SES's own price and egress stand aside, as whoever has mail pays them.

## Mail received by SES (tasks look at the tail of an account with open sessions every 15 s)

${table(ses).join('\n')}

## Mail received by the own MX, with Valkey (a look every ${safety} s besides)

${table(mx).join('\n')}

A POP3 client that comes every five minutes adds ${Math.round(730 * 12).toLocaleString('en')} reads, ${cents(730 * 12 * list.dynamoReadUnit)} cents, and without Valkey two writes of a lease each time,
${cents(730 * 12 * 2 * list.dynamoWriteUnit)} cents.

## In all, US cents an account and month

Servers hold ${connections} open connections an account on tasks of 1 vCPU and 4 GiB with 25,000 connections each; that such a task carries them is an assumption.

| accounts | servers, balancer, Valkey, logs | with SES | with the own MX |
| ---: | ---: | ---: | ---: |
${sizes.map(({ accounts, fleet, ses: s, mx: m }) => row(accounts.toLocaleString('en'), cents(fleet), verdict(s, aims[accounts]!), verdict(m, aims[accounts]!))).join('\n')}

- Metered requests, aim under 2.5 cents: ${verdict(metered(ses), 2.5)} with SES, ${verdict(metered(mx), 2.5)} with the own MX.
- A small installation (\`infra/examples/small.json\`) stands there for $${smallFixed.toFixed(2)} a month (aim under $55); with 100 accounts and SES's way of receiving
  $${(smallFixed + 100 * metered(ses)).toFixed(2)}, ${cents((smallFixed + 100 * metered(ses)) / 100)} cents an account.

What the count leaves out, and what can turn a "met" into a "missed":

- POP3 sessions are taken for warm. A process keeps accounts that nobody holds within an eighth of its memory (\`shared/engine/idle-accounts.ts\`): where more of them poll by POP3 than
  that holds, sessions open their account anew, a query and a few GETs each time, which costs more than all the rest.
- The first look at a log reads up to its newest 66 entries, also those that are folded; the count has those of the tail alone. Deliveries by the function, which are
  such first looks, cost up to ten units more.
- Sign-ins' reads of the directory, point-in-time recovery, alarms, and sessions of one account on more than one task.

## Beside others

- The usual design (an item and an index entry a message, written again with every change of flags, all items of a mailbox of 5,000 messages read at each of 20 SELECTs a
  device and day) would pay ${cents(usual)} cents in requests for the same month.
- Amazon WorkMail was $4 a user and month and Google Workspace Business Starter $7 (as known to the authors, not looked up): those prices hold storage, SES's part and egress as well.
`;

process.stdout.write(text);
writeFileSync(new URL('../../docs/cost.md', import.meta.url), text);
