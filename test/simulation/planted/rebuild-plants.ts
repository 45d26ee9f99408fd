import { collect } from '../../../shared/engine/message-index.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../../shared/engine/snapshot.ts';
import { understoodObject } from '../release.ts';
import type { Plant } from './plant.ts';

/** A rebuild writes its manifest once more, and leaves UIDVALIDITYs and mod-sequences as they were. */
export const reuseTheEpoch: Plant = {
  name: 'a rebuild that reuses its epoch',
  within: 40,
  blobs: (blobs, { node }) => {
    if (node !== 'rebuilder') return blobs;
    let folded: Manifest | undefined;
    return {
      get: (key, range) => blobs.get(key, range),
      delete: (keys) => blobs.delete(keys),
      list: (prefix, after) => blobs.list(prefix, after),
      put: async (key, body) => {
        if (key.split('/')[2] !== 'x') return blobs.put(key, body);
        const manifest = decodeManifest(understoodObject(key, await collect(body)));
        const { modSeqBase, mailboxes, lastUidValidity } = (folded ?? manifest).state;
        folded = manifest;
        const state = { ...manifest.state, modSeqBase, mailboxes, lastUidValidity };
        return blobs.put(key, encodeManifest({ ...manifest, state }));
      },
    };
  },
};
