import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FieldNames } from '../../shared/message/field-names.ts';

const has = (names: readonly string[], name: string): boolean => {
  const bytes = Buffer.from(`X: 1\r\n${name}: 2\r\n`);
  return new FieldNames(names).has(bytes, 6, 6 + Buffer.byteLength(name));
};

test('a field name is found whatever the case of its letters, and only as a whole', () => {
  assert.ok(has(['Subject', 'message-id'], 'MESSAGE-ID'));
  assert.ok(has(['REPLY-TO'], 'Reply-To'));
  assert.ok(!has(['Reply-To'], 'Reply-T'));
  assert.ok(!has(['Reply-T'], 'Reply-To'));
  assert.ok(!has([], 'To'));
  // Letters have a case; `[` and `{` differ in the same bit.
  assert.ok(!has(['X['], 'X{'));
  assert.ok(has(['Größe'], 'größe'));
});
