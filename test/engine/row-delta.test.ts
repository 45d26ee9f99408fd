import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BinaryReader, BinaryWriter, CorruptData } from '../../shared/engine/binary.ts';
import { readColumn, writeColumn } from '../../shared/engine/columns.ts';
import { decodeHistorySection, encodeHistorySection } from '../../shared/engine/history-section.ts';
import { combine, noMarks, type RowDelta } from '../../shared/engine/row-delta.ts';
import { decodeRowSection, encodeRowSection } from '../../shared/engine/row-section.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { rewrittenSections } from '../../shared/engine/section-store.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { deltaSince } from '../../shared/engine/store-mailbox.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { busyLogs, replay } from './random-operations.ts';

const rowsIn = (delta: RowDelta) => [...rowsOf(delta.appended)];

test('sections put on top of each other are the mailbox, in whatever order they are joined', () =>
  fc.assert(
    fc.asyncProperty(busyLogs, fc.nat(40), fc.nat(40), fc.nat(40), async (entries, ...cuts) => {
      const [a, b, c] = cuts
        .map((cut) => 1 + (cut % entries.length))
        .sort((x, y) => x - y)
        .map((cut) => replay(entries.slice(0, cut)));
      const [first, second, third] = [a!, b!, c!].map((state) => state.mailboxes.get(inboxId)!);
      const { flags } = c!;
      const through = async (delta: RowDelta) => decodeRowSection(await encodeRowSection(delta), flags);
      const base = await through({
        uidFrom: 1,
        removed: UidSet.empty,
        changed: noMarks,
        appended: first!.chunks,
      });
      const middle = await through(await deltaSince(second!, first!.uidNext, a!.position, flags));
      const young = await through(await deltaSince(third!, second!.uidNext, b!.position, flags));
      const left = await combine(await through(await combine(base, middle, flags)), young, flags);
      const right = await combine(base, await through(await combine(middle, young, flags)), flags);
      const truth = [...rowsOf(third!.chunks)];
      assert.deepEqual(rowsIn(left), truth);
      assert.deepEqual(rowsIn(right), truth);
      for (const chunk of [...left.appended, ...right.appended]) {
        const rows = [...rowsOf([chunk])];
        assert.equal(chunk.unseen, rows.filter((row) => !flags.set(row.flags).seen).length);
        assert.ok(rows.every((row) => row.modSeq <= chunk.maxModSeq));
      }
    }),
    { numRuns: 100 },
  ));

test('a column of numbers is read back, whatever they are', () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(300), fc.nat(), fc.integer({ min: 0, max: 2 ** 51 }))),
      fc.constantFrom('plain' as const, 'ascending' as const, 'wandering' as const),
      (values, kind) => {
        const column = kind === 'ascending' ? values.toSorted((a, b) => a - b) : values;
        const out = new BinaryWriter();
        writeColumn(out, column.length, (i) => column[i]!, kind);
        const read: number[] = [];
        const source = new BinaryReader(out.take());
        readColumn(source, column.length, kind, (i, value) => {
          read[i] = value;
        });
        source.end();
        assert.deepEqual(read, column);
      },
    ),
  ));

test('history is read back, with what can come back of it', () =>
  fc.assert(
    fc.asyncProperty(busyLogs, async (entries) => {
      const { mailboxes, flags } = replay(entries);
      for (const { departures } of mailboxes) {
        const all = [...departures];
        const read = await decodeHistorySection(await encodeHistorySection(all, flags), flags);
        assert.deepEqual(
          read.map((d) => [d.modSeq, d.time, String(d.uids)]),
          all.map((d) => [d.modSeq, d.time, String(d.uids)]),
        );
      }
    }),
    { numRuns: 30 },
  ));

test('a section of an unknown format is refused, not guessed', async () => {
  const { flags } = replay([]);
  const bytes = await encodeRowSection({
    uidFrom: 1,
    removed: UidSet.empty,
    changed: noMarks,
    appended: [],
  });
  bytes[0] = 2;
  await assert.rejects(decodeRowSection(bytes, flags), /newer release/);
  await assert.rejects(decodeHistorySection(bytes, flags), /newer release/);
  await assert.rejects(decodeRowSection(bytes.subarray(0, 0), flags), CorruptData);
});

test('a mailbox has three sections at most, and the large ones are rewritten rarely', () => {
  const sections: { bytes: number }[] = [];
  let written = 0;
  const runs = 20_000;
  for (let run = 0; run < runs; run++) {
    let bytes = 500;
    for (const section of sections.splice(sections.length - rewrittenSections(sections, bytes)))
      bytes += section.bytes;
    sections.push({ bytes });
    written += bytes;
    assert.ok(sections.length <= 3);
  }
  // A run folds about 64 entries of some 2 KB each: sections cost less than that again, at 1,280,000 messages.
  assert.ok(written / runs < 128 * 1024, `${written / runs} bytes a run`);
});
