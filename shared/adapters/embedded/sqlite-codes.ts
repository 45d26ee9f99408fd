/** Others have locked what was wanted. */
export const sqliteBusy = 5;
/** There is no room on the disk. */
export const sqliteFull = 13;

/** SQLite's result code without what it says more exactly. */
export function primaryCode(cause: unknown): number | undefined {
  const code = (cause as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}
