import { enabledLine } from '../../../shared/imap/responses/server.ts';
import type { SessionHandler } from '../dispatch.ts';
import type { ImapSession } from '../session.ts';
import { turnOnCondStore } from '../updates.ts';

/** What ENABLE knows, and whether it is on already. */
const extensions: ReadonlyMap<string, (session: ImapSession) => boolean> = new Map([
  ['IMAP4REV2', ({ enabled }: ImapSession) => enabled.rev2],
  ['CONDSTORE', ({ enabled }: ImapSession) => enabled.condStore],
  ['QRESYNC', ({ enabled }: ImapSession) => enabled.qresync],
  ['UTF8=ACCEPT', ({ enabled }: ImapSession) => enabled.utf8],
]);

/**
 * ENABLE, RFC 9051 §6.3.1: names what it turned on, ignores what it does not know. Forgiven: ENABLE in the selected state,
 * where RFC 5161 §3 has it before; for CONDSTORE RFC 7162 §3.1 gives it a meaning there.
 */
export const enable: SessionHandler<'enable', 'authenticated' | 'selected'> = async (
  session,
  state,
  { capabilities },
) => {
  const { enabled, writer } = session;
  const turnedOn = [...new Set(capabilities)].filter((name) => extensions.get(name)?.(session) === false);
  const names = turnedOn.map((name) => (name === 'IMAP4REV2' ? 'IMAP4rev2' : name));
  enabledLine(writer, names);
  const selected = state.kind === 'selected' ? state.selected : undefined;
  for (const name of turnedOn) {
    if (name === 'IMAP4REV2') enabled.rev2 = true;
    if (name === 'CONDSTORE' || name === 'QRESYNC') turnOnCondStore(session, selected);
    if (name === 'QRESYNC') enabled.qresync = true;
    if (name === 'IMAP4REV2' || name === 'UTF8=ACCEPT') {
      enabled.utf8 = true;
      writer.text = 'utf8';
    }
  }
  return { condition: 'OK', text: 'Done' };
};
