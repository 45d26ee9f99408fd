import type { Account } from '../../shared/engine/account.ts';
import type { LocalEngine } from '../support/local-engine.ts';
import { deliver } from './message-session.ts';

export const plain = `From: Ann <ann@example.org>
To: bob@example.com
Subject: Lunch
Date: Mon, 7 Feb 1994 21:52:25 -0800
Message-ID: <1@example.org>
References: <root@example.org> <0@example.org>

Shall we?
`;

export const multipart = `Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain

first
--x
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

aGVsbG8gd29ybGQ=
--x
Content-Type: message/rfc822

Subject: inner

inside
--x
Content-Type: text/plain
Content-Transfer-Encoding: x-unheard-of

?
--x--
`;

export const at = 760_000_000;

export async function inbox(local: LocalEngine, ...texts: (string | Uint8Array)[]): Promise<Account> {
  const account = await local.account();
  await deliver(
    account,
    'INBOX',
    texts.map((text) => ({ text, internalDate: at })),
  );
  return account;
}
