/** What FETCH asks for (RFC 9051 §6.4.5 and extensions). Macros are expanded, obsolete RFC822 names are body sections. */

export type FetchItem =
  | {
      readonly item:
        | 'uid'
        | 'flags'
        | 'internalDate'
        | 'size'
        | 'envelope'
        /** BODY: the structure without extension data. */
        | 'bodyStructureShort'
        | 'bodyStructure'
        /** RFC 7162. */
        | 'modSeq'
        /** RFC 8474. */
        | 'emailId'
        | 'threadId'
        /** RFC 8514. */
        | 'saveDate';
    }
  /** RFC 8970; 'lazy' may be left out of the answer where the preview is not at hand. */
  | { readonly item: 'preview'; readonly priority: 'now' | 'lazy' }
  | BodySectionItem
  | BinaryItem
  | { readonly item: 'binarySize'; readonly part: readonly number[] };

/** BODY[…], BODY.PEEK[…], RFC822, RFC822.HEADER and RFC822.TEXT. */
export interface BodySectionItem {
  readonly item: 'body';
  readonly section: Section;
  readonly partial: Partial | undefined;
  /** 'set' where \Seen is to be set. */
  readonly seen: 'set' | 'keep';
  /** How the answer names it: BODY[section]<origin>, or by the obsolete name that was asked. */
  readonly answerAs: 'BODY' | 'RFC822' | 'RFC822.HEADER' | 'RFC822.TEXT';
}

/** BINARY[…] and BINARY.PEEK[…]: the part without its content transfer encoding (RFC 3516). */
export interface BinaryItem {
  readonly item: 'binary';
  readonly part: readonly number[];
  readonly partial: Partial | undefined;
  readonly seen: 'set' | 'keep';
}

/** `<offset.count>`; octets. */
export interface Partial {
  readonly offset: number;
  /** At least 1. */
  readonly count: number;
}

/** A section: which part (empty: the message itself), and what of it. */
export interface Section {
  readonly part: readonly number[];
  readonly of: SectionOf;
}

export type SectionOf =
  /** BODY[] or BODY[1.2]: everything of the message, or the part's body. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'header' }
  | { readonly kind: 'text' }
  /** Only with a part number. */
  | { readonly kind: 'mime' }
  /** HEADER.FIELDS ('only') and HEADER.FIELDS.NOT ('except'); names as sent, for the echo: compare without case. */
  | { readonly kind: 'fields'; readonly which: 'only' | 'except'; readonly names: readonly string[] };
