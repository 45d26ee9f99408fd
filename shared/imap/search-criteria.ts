/** What SEARCH, SORT and THREAD ask for (RFC 9051 §6.4.4, RFC 3501 §6.4.4 and the extensions named at each key). */
import type { ModSeq } from '../ids.ts';
import type { SequenceSet } from './sequence-set.ts';

/** Days from 1970-01-01 to a calendar date; times and zones play no part in SEARCH's dates. */
export type DayNumber = number;

/** The fields of the envelope that SEARCH has keys of their own for. */
export type AddressField = 'bcc' | 'cc' | 'from' | 'to';

export type SearchKey =
  | { readonly key: 'all' }
  /** Every one of them; the implied AND of a list or of the whole criteria. Never empty. */
  | { readonly key: 'and'; readonly keys: readonly SearchKey[] }
  | { readonly key: 'or'; readonly left: SearchKey; readonly right: SearchKey }
  | { readonly key: 'not'; readonly negated: SearchKey }
  | { readonly key: 'sequence'; readonly set: SequenceSet }
  | { readonly key: 'uid'; readonly set: SequenceSet }
  /** `flag` is a system flag in canonical case ('\\Seen') or a keyword as sent (compare without case). */
  | { readonly key: 'flag'; readonly flag: string; readonly is: 'set' | 'unset' }
  /** RECENT, OLD and NEW of RFC 3501; NEW comes as and(recent, \Seen unset). */
  | { readonly key: 'recent'; readonly is: 'set' | 'unset' }
  /** BCC, CC, FROM and TO: what the envelope says; an empty `text` asks whether the field is there, here and in HEADER. */
  | { readonly key: 'address'; readonly field: AddressField; readonly text: string }
  /** SUBJECT and HEADER: `field` in lower case. */
  | { readonly key: 'header'; readonly field: string; readonly text: string }
  /** BODY: the body's text; TEXT: header and body. */
  | { readonly key: 'body' | 'text'; readonly text: string }
  /** BEFORE ON SINCE, SENTBEFORE …, SAVEDBEFORE … (RFC 8514). */
  | {
      readonly key: 'date';
      readonly of: 'internal' | 'sent' | 'saved';
      readonly is: 'before' | 'on' | 'since';
      readonly day: DayNumber;
    }
  /** RFC 8514. */
  | { readonly key: 'saveDateSupported' }
  | { readonly key: 'size'; readonly is: 'larger' | 'smaller'; readonly octets: number }
  /** OLDER and YOUNGER, RFC 5032: than this many seconds. */
  | { readonly key: 'age'; readonly is: 'older' | 'younger'; readonly seconds: number }
  /** MODSEQ, RFC 7162 §3.1.5: equal or greater. The optional entry name says nothing more here, flags share one mod-sequence. */
  | { readonly key: 'modSeq'; readonly atLeast: ModSeq }
  /** RFC 8474. */
  | { readonly key: 'emailId'; readonly id: string }
  | { readonly key: 'threadId'; readonly id: string };

/** The charset that SEARCH strings were sent in. 'unsupported' is to be answered NO [BADCHARSET (US-ASCII UTF-8)]. */
export type SearchCharset =
  | { readonly kind: 'supported'; readonly name: string | undefined }
  | { readonly kind: 'unsupported'; readonly name: string };

/** RFC 9051 §6.4.4. An empty RETURN () has become ['all']. */
export type SearchReturn = 'min' | 'max' | 'all' | 'count' | 'save';

/** RFC 5256 §3 and RFC 5957. */
export interface SortKey {
  readonly by: 'arrival' | 'cc' | 'date' | 'from' | 'size' | 'subject' | 'to' | 'displayFrom' | 'displayTo';
  readonly direction: 'ascending' | 'descending';
}

/** RFC 5256 §3. */
export type ThreadAlgorithm = 'orderedSubject' | 'references';
