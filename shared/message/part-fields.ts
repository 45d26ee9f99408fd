import { fieldNames } from './field-names.ts';
import { eachField, fieldText } from './header.ts';
import { parseParameterized } from './parameters.ts';
import type { Parameters, Part } from './structure.ts';

/** What a part's own header says about it (RFC 2045, 2183, 1864, 3282, 2557). */
export type PartFields = Pick<
  Part,
  | 'type'
  | 'subtype'
  | 'parameters'
  | 'id'
  | 'description'
  | 'encoding'
  | 'md5'
  | 'disposition'
  | 'language'
  | 'location'
>;

/** What a part without (or with an unreadable) Content-Type is: RFC 2045 §5.2, and RFC 2046 §5.1.5 within a digest. */
export type DefaultType = 'text/plain' | 'message/rfc822';

const maxLanguages = 64;
const token = /^[^\s()<>@,;:\\"/[\]?=]+$/;
const plainText = { type: 'text', subtype: 'plain', parameters: [['charset', 'us-ascii']] } as const;

/** The same part, as plain text: what a multipart is taken for whose boundary is missing. */
export const asPlainText = (fields: PartFields): PartFields => ({ ...fields, ...plainText });
/** The same part as bytes nobody looks into: what lies beyond the limits of the parser. */
export const asOpaque = (fields: PartFields): PartFields => ({
  ...fields,
  type: 'application',
  subtype: 'octet-stream',
  parameters: [],
});

const contentFields = fieldNames(
  ['type', 'transfer-encoding', 'id', 'description', 'md5', 'disposition', 'language', 'location'].map(
    (name) => `content-${name}`,
  ),
);

/** Reads the Content-* fields of a header block; of each the first counts. */
export function readPartFields(header: Uint8Array, defaultType: DefaultType): PartFields {
  const values = new Map<string, string>();
  eachField(header, contentFields, (name, place) => {
    if (!values.has(name)) values.set(name, fieldText(header, place));
  });
  const encoding = values.get('content-transfer-encoding');
  const { type, subtype, parameters } = contentType(values.get('content-type'), defaultType);
  return {
    type,
    subtype,
    parameters,
    id: values.get('content-id') || undefined,
    description: values.get('content-description') || undefined,
    encoding: (encoding && parseParameterized(encoding).value.split(/\s/)[0]) || '7bit',
    md5: values.get('content-md5') || undefined,
    disposition: disposition(values.get('content-disposition')),
    language: languages(values.get('content-language')),
    location: values.get('content-location') || undefined,
  };
}

function contentType(
  value: string | undefined,
  defaultType: DefaultType,
): { readonly type: string; readonly subtype: string; readonly parameters: Parameters } {
  const parsed = value === undefined ? undefined : parseParameterized(value);
  const [type, subtype, ...rest] = parsed?.value.split('/').map((piece) => piece.trim()) ?? [];
  if (type && subtype && rest.length === 0 && token.test(type) && token.test(subtype))
    return { type, subtype, parameters: parsed!.parameters };
  if (defaultType === 'message/rfc822' && value === undefined)
    return { type: 'message', subtype: 'rfc822', parameters: [] };
  return plainText;
}

function disposition(value: string | undefined): Part['disposition'] {
  if (value === undefined) return undefined;
  const parsed = parseParameterized(value);
  if (parsed.value === '' && parsed.parameters.length === 0) return undefined;
  // RFC 2183 §2.8: what is not understood is an attachment
  return { type: token.test(parsed.value) ? parsed.value : 'attachment', parameters: parsed.parameters };
}

function languages(value: string | undefined): readonly string[] {
  if (!value) return [];
  return value
    .split(/[\s,]+/, maxLanguages)
    .map((tag) => tag.replace(/\(.*$/, ''))
    .filter((tag) => tag !== '');
}
