/** What a message is made of: the MIME tree with byte offsets, known once at delivery and never parsed again. */

/** RFC 9051 §7.5.2 ENVELOPE: header values unfolded, encoded words as received, 8-bit kept (as UTF-8, else Latin-1). */
export interface Envelope {
  readonly date: string | undefined;
  readonly subject: string | undefined;
  readonly from: readonly EnvelopeAddress[];
  readonly sender: readonly EnvelopeAddress[];
  readonly replyTo: readonly EnvelopeAddress[];
  readonly to: readonly EnvelopeAddress[];
  readonly cc: readonly EnvelopeAddress[];
  readonly bcc: readonly EnvelopeAddress[];
  readonly inReplyTo: string | undefined;
  readonly messageId: string | undefined;
}

/** A mailbox, or a group's start (`host` undefined, `mailbox` its name) or end (both undefined), RFC 9051 §7.5.2. */
export interface EnvelopeAddress {
  readonly name: string | undefined;
  readonly mailbox: string | undefined;
  readonly host: string | undefined;
}

export type Parameters = readonly (readonly [name: string, value: string])[];

interface PartCommon {
  /** Lower case. */
  readonly type: string;
  /** Lower case. */
  readonly subtype: string;
  readonly parameters: Parameters;
  readonly id: string | undefined;
  readonly description: string | undefined;
  /** Lower case; '7bit' where the header says none. */
  readonly encoding: string;
  readonly md5: string | undefined;
  readonly disposition: { readonly type: string; readonly parameters: Parameters } | undefined;
  readonly language: readonly string[];
  readonly location: string | undefined;
  /** Offsets in bytes from the start of the message: MIME header `[headerStart, bodyStart)`, body `[bodyStart, bodyEnd)`. */
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Number of line ends in the body. */
  readonly lines: number;
}

export type Part =
  | (PartCommon & { readonly kind: 'leaf' })
  | (PartCommon & { readonly kind: 'multipart'; readonly parts: readonly Part[] })
  /** message/rfc822 and message/global: `content` describes the message inside, its header at `bodyStart`. */
  | (PartCommon & { readonly kind: 'message'; readonly envelope: Envelope; readonly content: Part });

/** Everything FETCH answers without the body, made once at delivery. */
export interface MessageRecord {
  /** The complete header block, exact bytes, the empty line included where there is one. */
  readonly header: Uint8Array;
  readonly envelope: Envelope;
  readonly root: Part;
  /** Size of the whole message in bytes. */
  readonly size: number;
  /** RFC 8970; undefined where it is not known: in records of version 1, and where a message's text comes late in it. */
  readonly preview: string | undefined;
}
