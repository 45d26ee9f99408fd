import { asciiDomain } from '../../../shared/directory/address.ts';
import type { DomainName } from '../../../shared/ports/directory.ts';

export interface DnsRecord {
  readonly type: 'MX' | 'TXT' | 'SRV';
  readonly name: string;
  readonly value: string;
  readonly purpose: string;
}

/** Under what names the mail services are reached. */
export interface MailHosts {
  /** IMAP, POP3 and submission. */
  readonly hostname: string;
  /** Mail from other servers. */
  readonly mx: string;
  /** The mechanism of SPF that covers what is sent from here, such as `mx` or `include:relay.example`. */
  readonly spf: string;
}

/**
 * What is to be set for a domain where its names are hosted: mail to it (RFC 5321 §5), how clients find their server (RFC 6186,
 * RFC 8314 §5.1), and who may send for it (RFC 7208, RFC 7489). DKIM keys belong to the relay that signs, and are told there.
 */
export function dnsRecords(domain: DomainName, { hostname, mx, spf }: MailHosts): DnsRecord[] {
  const name = asciiDomain(domain);
  const service = (label: string, port: number, purpose: string): DnsRecord => ({
    type: 'SRV',
    name: `${label}._tcp.${name}`,
    value: `0 1 ${port} ${hostname}.`,
    purpose,
  });
  return [
    { type: 'MX', name, value: `10 ${mx}.`, purpose: 'mail to the domain comes here' },
    service('_imaps', 993, 'clients find IMAP by themselves'),
    service('_pop3s', 995, 'clients find POP3 by themselves'),
    service('_submissions', 465, 'clients find submission by themselves'),
    {
      type: 'TXT',
      name,
      value: `v=spf1 ${spf} ~all`,
      purpose: 'who sends for the domain; add other senders',
    },
    {
      type: 'TXT',
      name: `_dmarc.${name}`,
      value: 'v=DMARC1; p=quarantine',
      purpose: 'what others do with mail that only claims to be yours',
    },
  ];
}
