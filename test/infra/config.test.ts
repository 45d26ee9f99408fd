import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig, readConfig } from '../../infra/config.ts';
import { priceList } from '../../infra/prices.ts';

const small = readConfig('infra/examples/small.json');
const large = readConfig('infra/examples/large.json');

test('a configuration that is not right is refused with every complaint, by its place', () => {
  const bad = {
    ...JSON.parse(JSON.stringify(small)),
    region: 'eu-south-9',
    hostname: 'mail.other.test',
    services: { profile: 'small', all: { cpu: 256, memory: 4096, tasks: { min: 3, max: 1 } } },
    surprise: 1,
  };
  assert.throws(() => parseConfig(bad), /surprise/);
  const { surprise: _, ...rest } = bad;
  assert.throws(
    () => parseConfig(rest),
    (cause: Error) =>
      ['services.all.memory', 'services.all.tasks.max', 'hostname', 'region'].every((place) =>
        cause.message.includes(place),
      ),
  );
});

test('the price list names each choice and adds up', () => {
  for (const config of [small, large]) {
    const lines = priceList(config).split('\n').slice(1);
    const numbers = lines.map((line) => Number(line.trim().split(' ')[0]));
    const total = numbers.pop()!;
    assert.ok(Math.abs(numbers.reduce((a, b) => a + b, 0) - total) < 0.05, priceList(config));
  }
  assert.ok(
    Number(/([\d.]+) {2}in all/.exec(priceList(small))?.[1]) < 55,
    'a small installation costs under $55 a month',
  );
});
