import { initialState } from '../../../shared/engine/apply.ts';
import { collect } from '../../../shared/engine/message-index.ts';
import { decodeManifest, encodeManifest } from '../../../shared/engine/snapshot.ts';
import { isManifestKey } from '../../../shared/engine/snapshot-objects.ts';
import { understoodObject } from '../release.ts';
import { type Plant, withLog } from './plant.ts';

/** A rebuild leaves UIDVALIDITYs and mod-sequences as they were in the snapshot that it found. */
export const reuseTheEpoch: Plant = {
  name: 'a rebuild that reuses its epoch',
  within: 40,
  finds: /^\S+ has the UIDVALIDITY \d+, which is not above those before the rebuild$/,
  blobs: (blobs, { node }) => {
    if (node !== 'rebuilder') return blobs;
    let before = initialState;
    return {
      get: async (key, range) => {
        const blob = await blobs.get(key, range);
        if (blob === undefined || !isManifestKey(key)) return blob;
        const body = await collect(blob.body);
        before = decodeManifest(understoodObject(key, body)).state;
        return { size: body.length, body };
      },
      delete: (keys) => blobs.delete(keys),
      list: (prefix, after) => blobs.list(prefix, after),
      put: async (key, body) => {
        if (!isManifestKey(key)) return blobs.put(key, body);
        const manifest = decodeManifest(understoodObject(key, await collect(body)));
        const { modSeqBase, lastUidValidity } = before;
        let { mailboxes } = manifest.state;
        for (const mailbox of mailboxes) {
          const { uidValidity } = before.mailboxes.get(mailbox.id) ?? mailbox;
          mailboxes = mailboxes.with(mailbox.with({ uidValidity }));
        }
        const state = { ...manifest.state, modSeqBase, mailboxes, lastUidValidity };
        return blobs.put(key, await encodeManifest({ ...manifest, state }));
      },
    };
  },
};

/** A rebuild moves the head beyond whatever others have written since it read the log. */
export const overtakeOthers: Plant = {
  name: 'a rebuild that overtakes others',
  within: 100,
  finds: /^changes were lost by a rebuild: /,
  log: (log, { node }) =>
    withLog(log, {
      moveHead: async (account, move) => {
        if (node !== 'rebuilder' || move.last === undefined) return log.moveHead(account, move);
        const { last } = await log.readEnd(account);
        return log.moveHead(account, { ...move, last: last?.position ?? move.last });
      },
    }),
};
