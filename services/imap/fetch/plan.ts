import type { Fetch } from '../../../shared/imap/commands.ts';
import type { BinaryItem, BodySectionItem, FetchItem } from '../../../shared/imap/fetch-items.ts';

/** What a FETCH has to read, from the cheapest up: nothing but a mailbox's columns, email ids, header records, bodies. */
export interface FetchPlan {
  readonly items: readonly FetchItem[];
  readonly emailIds: boolean;
  readonly records: boolean;
  readonly bodies: boolean;
  /** \Seen is to be set. */
  readonly seen: boolean;
}

/** Items that are answered from columns of the mailbox. */
export type ColumnItem = 'uid' | 'flags' | 'internalDate' | 'size' | 'modSeq' | 'saveDate';

const columnItems: ReadonlySet<string> = new Set<ColumnItem>([
  'uid',
  'flags',
  'internalDate',
  'size',
  'modSeq',
  'saveDate',
]);

export const isColumn = (item: FetchItem): item is FetchItem & { readonly item: ColumnItem } =>
  columnItems.has(item.item);

/** BODY[]: its size is a column and its bytes are the blob, so that no record is needed. */
const isWhole = (item: FetchItem): boolean =>
  (item.item === 'body' && item.section.part.length === 0 && item.section.of.kind === 'whole') ||
  ((item.item === 'binary' || item.item === 'binarySize') && item.part.length === 0);

/** BODY[HEADER] and fields of it, from the record; for the header of a message within the message the body is read. */
const isTopHeader = (item: FetchItem): boolean =>
  item.item === 'body' &&
  item.section.part.length === 0 &&
  (item.section.of.kind === 'header' || item.section.of.kind === 'fields');

const fromRecord: ReadonlySet<string> = new Set([
  'envelope',
  'bodyStructure',
  'bodyStructureShort',
  'threadId',
]);

/** Answered from a message's record alone, and the same for every session: what was encoded once can be sent again. */
export const isAnswerable = (item: FetchItem): boolean =>
  item.item === 'envelope' ||
  item.item === 'bodyStructure' ||
  item.item === 'bodyStructureShort' ||
  isTopHeader(item);

export function planOf({ items }: Pick<Fetch, 'items'>): FetchPlan {
  const rest = items.filter((item) => !isColumn(item) && item.item !== 'emailId');
  return {
    items,
    // A thread of a message without any ids is named after the message.
    emailIds: items.some(({ item }) => item === 'emailId' || item === 'threadId'),
    records: rest.some((item) => !isWhole(item)),
    bodies: rest.some((item) => !isTopHeader(item) && !fromRecord.has(item.item)),
    seen: rest.some((item): item is BodySectionItem | BinaryItem => 'seen' in item && item.seen === 'set'),
  };
}
