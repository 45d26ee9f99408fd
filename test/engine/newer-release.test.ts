import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { applyOperations, emptyState, initialState, NewerRules } from '../../shared/engine/apply.ts';
import { decodeEntry, encodeEntry } from '../../shared/engine/entry.ts';
import { FlagTable } from '../../shared/engine/flag-table.ts';
import { decodeHistorySection, encodeHistorySection } from '../../shared/engine/history-section.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { encodeOperations } from '../../shared/engine/operation-codec.ts';
import { noMarks } from '../../shared/engine/row-delta.ts';
import { decodeRowSection, encodeRowSection } from '../../shared/engine/row-section.ts';
import { rulesUnderstood, rulesWritten } from '../../shared/engine/rules.ts';
import { decodeManifest, encodeManifest } from '../../shared/engine/snapshot.ts';
import { stageMessage } from '../../shared/engine/stage.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { TextSegment } from '../../shared/engine/text-segments.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { LogPosition } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import { appending } from '../support/appending.ts';
import { deliver, sampleMessage } from '../support/mail.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';

const at = 7 as LogPosition;

/** An entry that this release would take for one of its own, but for the rules it names. */
const entry = (rules: number) =>
  encodeEntry({
    position: at,
    rules,
    writer: '0011223344556677',
    time: Date.now(),
    usage: { bytes: 0, messages: 0 },
    limit: undefined,
    body: { kind: 'inline', bytes: encodeOperations([{ kind: 'create', name: 'Guessed' }]) },
  });

const messages = { count: 0, segments: [], texts: [], clusters: [] };
const manifestOf = (state: AccountState) =>
  encodeManifest({ state, objects: [], messages, pastHeads: [], replaced: [] });
const emptyManifest = await manifestOf(initialState);

/** A manifest as it is, but that its format and its rules are so many numbers ahead. */
function ahead(manifest: Uint8Array, by: { readonly format: number; readonly rules: number }): Uint8Array {
  const [format, rules, ...rest] = zstdDecompressSync(manifest);
  return zstdCompressSync(Uint8Array.of(format! + by.format, rules! + by.rules, ...rest));
}

const nextFormat = (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte + 1 : byte));

suite('what a newer release wrote is refused, not guessed', () => {
  test('an entry of newer rules, or in a format that is not known', () => {
    assert.equal(decodeEntry(at, entry(rulesUnderstood)).rules, rulesUnderstood);
    assert.throws(() => decodeEntry(at, entry(rulesUnderstood + 1)), NewerRules);
    assert.throws(() => decodeEntry(at, nextFormat(entry(rulesUnderstood))), NewerRules);
  });

  test('a manifest of newer rules, or in a format that is not known', () => {
    const decode = (format: number, rules: number) => decodeManifest(ahead(emptyManifest, { format, rules }));
    assert.equal(decode(0, 0).state.position, 0);
    assert.throws(() => decode(0, 1), NewerRules);
    assert.throws(() => decode(1, 0), NewerRules);
  });

  test('a snapshot says the newest rules of what it was made of', async () => {
    const moment = { position: at, time: 1, rules: rulesUnderstood + 1 };
    const { state } = applyOperations(emptyState({ modSeqBase: 0, uidValidityFloor: 0 }), moment, []);
    const later = { position: (at + 1) as LogPosition, time: 2, rules: rulesWritten };
    const ours = applyOperations(state, later, []).state;
    const manifest = await manifestOf(ours);
    assert.throws(() => decodeManifest(manifest), NewerRules);
  });

  test('nothing is written by rules that are not understood', () =>
    assert.ok(rulesWritten <= rulesUnderstood));

  test('sections of rows and of history, and signatures of texts, in a format that is not known', async () => {
    const flags = FlagTable.empty;
    const delta = { uidFrom: 1, removed: UidSet.empty, changed: noMarks, appended: [] };
    const rows = await encodeRowSection(delta);
    assert.deepEqual((await decodeRowSection(rows, flags)).appended, []);
    await assert.rejects(decodeRowSection(nextFormat(rows), flags), NewerRules);
    const history = await encodeHistorySection([], flags);
    assert.deepEqual(await decodeHistorySection(history, flags), []);
    await assert.rejects(decodeHistorySection(nextFormat(history), flags), NewerRules);
    const texts = Uint8Array.of(1, 0);
    TextSegment.decode(texts, 1);
    assert.throws(() => TextSegment.decode(nextFormat(texts), 1), NewerRules);
  });
});

/** That somebody was told to come again, for this reason. */
function assertRefused(outcome: Result<unknown, MailError>): void {
  assert.ok(!outcome.ok && outcome.error.kind === 'unavailable');
  assert.ok(outcome.error.cause instanceof NewerRules, String(outcome.error.cause));
}

suite('an account that a newer release went on with', () => {
  /** A session of this release, and behind what it knows an entry of the next one. */
  async function ground() {
    const store = memoryStore();
    const session = await openIn(memoryEngine(store));
    await deliver(session, 1);
    await session.compact();
    await deliver(session, 2);
    const position = (session.state.position + 1) as LogPosition;
    const written = entry(rulesUnderstood + 1);
    const goOn = () =>
      store.log.append({ account: session.id, position, bytes: written, blobs: [], readAt: Date.now() });
    const end = async () => {
      const { head, last } = await store.log.readEnd(session.id);
      return { head: head?.position, last };
    };
    const asItWas = { head: 2, last: { position, bytes: written } };
    return { store, session, goOn, end, asItWas };
  }

  test('takes no command of a session that has it open, and nothing is written over it', async () => {
    const { store, session, goOn, end, asItWas } = await ground();
    await goOn();
    // It knows nothing of the entry until the log says that its place is taken.
    for (let times = 0; times < 2; times++) assertRefused(await session.commit(createMailbox('Mine')));
    assertRefused(await session.refresh());
    await assert.rejects(session.compact(), NewerRules);
    assert.deepEqual(await end(), asItWas);
    assert.ok(!store.log.counts.trimmed);
    assert.equal(session.state.mailboxes.named('Guessed'), undefined);
  });

  test('is not opened, and nothing is delivered to it unopened', async () => {
    const { store, session, goOn, end, asItWas } = await ground();
    await goOn();
    const engine = memoryEngine(store);
    for (let times = 0; times < 2; times++) assertRefused(await engine.open(session.id));
    const staged = await stageMessage(engine.parts, session.id, sampleMessage(3));
    assert.ok(staged.ok);
    const request = { message: staged.value, internalDate: 1, deliveryId: 'event 3' };
    assertRefused(await engine.appendUnopened(session.id, request));
    assert.deepEqual(await end(), asItWas);
  });

  test('is not opened by a snapshot of it either', async () => {
    const { store, session } = await ground();
    const { manifest } = session.snapshot!;
    const { objects } = store.blobs;
    objects.set(manifest, ahead(objects.get(manifest)!, { format: 0, rules: 1 }));
    assertRefused(await memoryEngine(store).open(session.id));
  });

  test('leaves a change whose answer was lost just before it without an answer', async () => {
    const { store, session, goOn, end, asItWas } = await ground();
    let lost = false;
    const log = appending(store.log, async (append) => {
      if (lost) return append();
      lost = true;
      await goOn();
      return { kind: 'unknown', cause: 'lost' };
    });
    const other = await openIn(memoryEngine(store, { log, sleep: async () => undefined }), session.id);
    const changed = await other.commit(createMailbox('Mine'));
    assert.equal(!changed.ok && changed.error.kind, 'unsettled');
    assertRefused(await other.commit(createMailbox('Mine')));
    assert.deepEqual(await end(), asItWas);
  });
});
