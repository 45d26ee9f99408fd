import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../shared/telemetry/metrics.ts';

test('counters and gauges are rendered with help, type and labels', () => {
  const metrics = createMetrics();
  const commands = metrics.counter('restante_commands_total', 'Commands', ['command', 'outcome']);
  commands.add({ command: 'FETCH', outcome: 'ok' });
  commands.add({ command: 'FETCH', outcome: 'ok' }, 2);
  const open = metrics.gauge('restante_connections', 'Open connections');
  open.add({}, 3);
  open.add({}, -1);
  metrics.observe('restante_uptime_seconds', 'Uptime', () => 1.5);
  assert.equal(
    metrics.render(),
    [
      '# HELP restante_commands_total Commands',
      '# TYPE restante_commands_total counter',
      'restante_commands_total{command="FETCH",outcome="ok"} 3',
      '# HELP restante_connections Open connections',
      '# TYPE restante_connections gauge',
      'restante_connections 2',
      '# HELP restante_uptime_seconds Uptime',
      '# TYPE restante_uptime_seconds gauge',
      'restante_uptime_seconds 1.5',
      '',
    ].join('\n'),
  );
});

test('label values and help are escaped', () => {
  const metrics = createMetrics();
  metrics.counter('a_total', 'one\ntwo', ['l']).add({ l: 'a"b\\c\nd' });
  assert.match(metrics.render(), /# HELP a_total one\\ntwo\n/);
  assert.match(metrics.render(), /a_total\{l="a\\"b\\\\c\\nd"\} 1/);
});

test('a metric holds a bounded number of series and counts the rest as other', () => {
  const metrics = createMetrics();
  const counter = metrics.counter('a_total', 'A', ['l']);
  for (let i = 0; i < 1500; i++) counter.add({ l: `v${i}` });
  counter.add({ l: 'v3' });
  const page = metrics.render();
  assert.match(page, /a_total\{l="v3"\} 2/);
  assert.match(page, /a_total\{l="other"\} 500/);
  assert.ok(page.split('\n').length < 1010);
});

test('a name means one metric', () => {
  const metrics = createMetrics();
  metrics.counter('a_total', 'A').add({});
  metrics.counter('a_total', 'A').add({});
  assert.match(metrics.render(), /^a_total 2$/m);
  assert.throws(() => metrics.gauge('a_total', 'A'));
  assert.throws(() => metrics.counter('bad name', 'A'));
  assert.throws(() => metrics.counter('a_total', 'A').add({}, -1));
});
