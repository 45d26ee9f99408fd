const systemFlags = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '\\Recent'].map((f) => [f.toLowerCase(), f]),
);

const specialUses = new Map(
  ['\\All', '\\Archive', '\\Drafts', '\\Flagged', '\\Important', '\\Junk', '\\Sent', '\\Trash'].map((f) => [
    f.toLowerCase(),
    f,
  ]),
);

/** System flags in the case of RFC 9051 §2.3.2, anything else as sent. */
export const canonicalFlag = (flag: string): string => systemFlags.get(flag.toLowerCase()) ?? flag;

/** Special-use attributes in the case of RFC 6154 §2 and RFC 8457, anything else as sent. */
export const canonicalSpecialUse = (use: string): string => specialUses.get(use.toLowerCase()) ?? use;
