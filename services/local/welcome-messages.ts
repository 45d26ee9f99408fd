import MailComposer from 'nodemailer/lib/mail-composer';
import { asciiDomain, parseAddress } from '../../shared/directory/address.ts';
import { stampImage } from './stamp-image.ts';

export interface WelcomeReader {
  readonly address: string;
  readonly name: string;
}

const plainText = `Welcome to Restante.

"Poste restante" is mail that waits at the post office until its owner calls for it. So does this:
read it with any mail client, by IMAP or by POP3, on as many devices as you like.

Things to try:

- flag this message on one device and watch it on another;
- send a message to the other example account, it arrives at once;
- drag a message into Archive, or make a folder of your own.

Your post office
`;

const attachmentText = `There are three files with this message: a text, a table and a picture. A mail client shows them
without reading the whole message first.
`;

const html = `<!doctype html>
<html>
<body style="font-family: sans-serif">
<p><img src="cid:stamp@restante" alt="A postage stamp" width="96" height="72"></p>
<h1>A letter with a stamp</h1>
<p>This message is <b>HTML</b>, with the same as plain text beside it. The stamp is inside the message:
nothing is loaded from anywhere.</p>
</body>
</html>
`;

const htmlAsText = `A letter with a stamp

This message is HTML, with the same as plain text beside it. The stamp is inside the message:
nothing is loaded from anywhere.
`;

const japanese = `レスタンテへようこそ。

「局留め」とは、受取人が取りに来るまで郵便局で保管される郵便物のことです。
このメールも、あなたが読みに来るまでここで待っていました。

件名と本文が正しく表示されていれば、文字コードの扱いは問題ありません。

郵便局より
`;

interface Draft {
  readonly subject: string;
  readonly fromName: string;
  readonly text: string;
  readonly html?: string;
  readonly textEncoding?: 'base64';
  readonly attachments?: readonly object[];
}

function drafts(): readonly Draft[] {
  const stamp = stampImage();
  return [
    { subject: 'Welcome to Restante', fromName: 'Post Office', text: plainText },
    {
      subject: 'Three attachments',
      fromName: 'Post Office',
      text: attachmentText,
      attachments: [
        { filename: 'opening hours.txt', content: 'Always.\r\n', contentType: 'text/plain; charset=utf-8' },
        {
          filename: 'rates.csv',
          content: 'letter,price\r\nsmall,0.00\r\nlarge,0.00\r\n',
          contentType: 'text/csv',
        },
        { filename: 'stamp.png', content: stamp, contentType: 'image/png' },
      ],
    },
    {
      subject: 'A letter with a stamp',
      fromName: 'Post Office',
      text: htmlAsText,
      html,
      attachments: [
        {
          filename: 'stamp.png',
          content: stamp,
          contentType: 'image/png',
          cid: 'stamp@restante',
          contentDisposition: 'inline',
        },
      ],
    },
    {
      subject: '局留め郵便のお知らせ',
      fromName: '郵便局',
      text: japanese.replaceAll('\n', '\r\n'),
      textEncoding: 'base64',
    },
  ];
}

/** The messages that an example account begins with, each well-formed by RFC 5322, oldest first. */
export async function welcomeMessages(reader: WelcomeReader, now: number): Promise<readonly Buffer[]> {
  const parsed = parseAddress(reader.address);
  const domain = parsed.ok ? asciiDomain(parsed.value.domain) : 'localhost';
  const all = drafts();
  return Promise.all(
    all.map(({ fromName, ...draft }, i) =>
      new MailComposer({
        ...draft,
        attachments: [...(draft.attachments ?? [])],
        from: { name: fromName, address: `postoffice@${domain}` },
        to: { name: reader.name, address: reader.address },
        date: new Date(now - (all.length - i) * 60_000),
        newline: 'windows',
      })
        .compile()
        .build(),
    ),
  );
}
