/** Lines of a header, or what follows on one within them. */
const lines = (...each: readonly string[]): string => `${each.join('\r\n')}\r\n`;

const rare = lines(
  ...['X-Priority: 3 (Normal)', 'Importance: Normal', 'X-MimeOLE: Produced By Microsoft MimeOLE'],
  ...[
    'Organization: ',
    'Errors-To: ',
    'X-Loop: ',
    'X-Auto-Response-Suppress: All',
    'Auto-Submitted: auto-generated',
  ],
  ...['Accept-Language: en-US', 'Content-Language: en-US', 'Thread-Topic: ', 'Thread-Index: '],
  ...['X-Spam-Flag: NO', 'X-Spam-Score: -', 'X-Spam-Level: ', 'X-Spam-Status: No, score=-2.1 required=5.0'],
  '\ttests=BAYES_00,DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,HTML_MESSAGE,RCVD_IN_DNSWL_NONE,SPF_HELO_NONE,SPF_PASS',
  '\tautolearn=ham autolearn_force=no version=4.0.0',
  ...[
    'X-Spam-Checker-Version: SpamAssassin 4.0.0 on ',
    'X-Virus-Scanned: clamav-milter at ',
    'X-Virus-Status: Clean',
  ],
);

const lists = lines(
  ...['List-Archive: <https://', 'List-Help: <mailto:', '-request@lists.', '?subject=help>'],
  ...['List-Subscribe: <https://', '?subject=subscribe>', 'List-Post: <mailto:', 'List-Owner: <mailto:'],
  ...[
    'X-Mailing-List: ',
    'X-BeenThere: ',
    'X-Mailman-Version: 2.1.39',
    'Precedence: list',
    'Precedence: bulk',
  ],
  'Mailing-List: ',
);

const microsoft = lines(
  ...['X-MS-Has-Attach: ', 'X-MS-TNEF-Correlator: ', 'x-ms-publictraffictype: Email'],
  ...['x-ms-traffictypediagnostic: ', ':EE_|', 'x-ms-office365-filtering-correlation-id: '],
  ...['x-ms-exchange-senderadcheck: 1', 'x-ms-exchange-antispam-relay: 0'],
  'x-microsoft-antispam: BCL:0;ARA:13230040|376014|1800799024|366016|38070700018|7055299003|8096899003;',
  'x-microsoft-antispam-message-info: =?utf-8?B?',
  ...['?=\r\n =?utf-8?B?', '?=\r\n =?us-ascii?Q?'],
  'x-forefront-antispam-report: CIP:255.255.255.255;CTRY:;LANG:en;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:',
  '.prod.outlook.com;PTR:;CAT:NONE;SFS:(13230040)(376014)(1800799024)(366016)(38070700018);DIR:OUT;SFP:1101;',
  'x-ms-exchange-antispam-messagedata-chunkcount: 1',
  'x-ms-exchange-antispam-messagedata-0: =?utf-8?B?',
  ...[
    'X-OriginatorOrg: ',
    'X-MS-Exchange-CrossTenant-AuthAs: Internal',
    'X-MS-Exchange-CrossTenant-AuthSource: ',
  ],
  'X-MS-Exchange-CrossTenant-Network-Message-Id: ',
  'X-MS-Exchange-CrossTenant-originalarrivaltime: 01 Jan 2026 00:00:00.0000\r\n (UTC)',
  ...['X-MS-Exchange-CrossTenant-fromentityheader: Hosted', 'X-MS-Exchange-CrossTenant-id: '],
  ...['X-MS-Exchange-CrossTenant-mailboxtype: HOSTED', 'X-MS-Exchange-CrossTenant-userprincipalname: '],
  'X-MS-Exchange-Transport-CrossTenantHeadersStamped: ',
);

const senders = lines(
  ...['Feedback-ID: 1.us-east-1.', ':AmazonSES', 'X-SES-Outgoing: 2026.01.01-54.240.', 'CFBL-Address: '],
  ...['X-SG-EID: ', 'X-SG-ID: ', 'X-Entity-ID: ', 'X-Mailgun-Sid: ', 'X-MC-User: ', 'X-Report-Abuse: '],
  ...['X-CSA-Complaints: ', 'X-Mailer: Apple Mail (2.3774.500.171.1.1)', 'X-Mailer: Microsoft Outlook 16.0'],
  ...['X-Mailer: iPhone Mail (21G93)', 'X-Mailer: ', 'User-Agent: Mozilla Thunderbird', 'User-Agent: '],
  ...['Disposition-Notification-To: ', 'Reply-To: ', 'Sender: ', 'Bcc: '],
  ...['Resent-From: ', 'Resent-Date: ', 'Resent-To: ', 'Resent-Message-ID: '],
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  ...[
    'List-Unsubscribe: <https://',
    '/unsubscribe?',
    '>,\r\n <mailto:unsubscribe@',
    '?subject=unsubscribe>',
    'List-Id: <',
  ],
);

const google = lines(
  ...[
    'X-Received: by 2002:a05:',
    ' with SMTP id ',
    '.32.17',
    'X-Gm-Message-State: AOJu0Y',
    'X-Gm-Gg: ASbGnc',
  ],
  'X-Google-Smtp-Source: AGHT+I',
  'X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n        d=1e100.net; s=20230601; t=17',
  '; x=17',
);

const authentication = lines(
  ...['Received-SPF: pass (', 'Received-SPF: Pass (google.com: domain of ', ' designates '],
  ...[' as permitted sender) client-ip=', '; envelope-from=', '; helo='],
  ...[
    'ARC-Seal: i=1; a=rsa-sha256; t=17',
    '; cv=none;\r\n        d=google.com; s=arc-20240605;\r\n        b=',
  ],
  'ARC-Seal: i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.com; cv=none;\r\n b=',
  'ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=microsoft.com;\r\n s=arcselector10001;',
  ' h=From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-AntiSpam-MessageData-ChunkCount:' +
    'X-MS-Exchange-AntiSpam-MessageData-0:X-MS-Exchange-AntiSpam-MessageData-1;\r\n bh=',
  'ARC-Authentication-Results: i=1; mx.microsoft.com 1; spf=pass\r\n smtp.mailfrom=',
  ...['; dmarc=pass action=none\r\n header.from=', '; dkim=pass header.d=', '; arc=none'],
  'ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=google.com; s=arc-20240605;',
  '        h=to:subject:message-id:date:from:mime-version:dkim-signature;',
  ...['        bh=', ';\r\n        fh=', ';\r\n        b='],
  'ARC-Authentication-Results: i=1; mx.google.com;\r\n       dkim=pass header.i=@',
  ...[' header.s=', ' header.b=', ';\r\n       spf=pass (google.com: domain of '],
  ...[
    ' as permitted sender) smtp.mailfrom=',
    ';\r\n       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=',
  ],
  ...[' (p=REJECT sp=REJECT dis=NONE)', 'Authentication-Results: '],
  ...[';\r\n\tdkim=pass (2048-bit key) header.d=', ';\r\n\tspf=pass smtp.mailfrom='],
  ';\r\n\tdmarc=pass (p=none dis=none) header.from=',
  ';\r\n dkim=none (message not signed)\r\n header.d=none;dmarc=none action=none header.from=',
  ...['X-SES-Spam-Verdict: PASS', 'X-SES-Virus-Verdict: PASS', 'X-SES-RECEIPT: '],
  'X-SES-DKIM-SIGNATURE: a=rsa-sha256; q=dns/txt; b=',
  'Authentication-Results: amazonses.com;\r\n spf=pass (spfCheck: domain of ',
  ...[';\r\n dkim=pass header.i=@', ';\r\n dmarc=pass header.from='],
);

const trace = lines(
  ...[
    'Received: from ',
    ' (localhost [127.0.0.1])',
    ' (unknown [',
    '.prod.outlook.com (2603:10',
    '::',
    ') by ',
  ],
  ') with Microsoft SMTP Server (version=TLS1_2,\r\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.',
  ...[
    '.prod.outlook.com\r\n ([fe80::',
    '%',
    ']) with mapi id 15.20.',
    '.outbound.protection.outlook.com [40.107.',
  ],
  ' by mx.google.com with ESMTPS id ',
  '        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        ',
  ...['Received: by ', ' with HTTP; ', ' with SMTP id ', '        for <', '>; '],
  ...[' -0700 (PDT)', ' -0800 (PST)', ' +0100 (CET)', ' +0200 (CEST)'],
  ...['\tby inbound-smtp.us-east-1.amazonaws.com with SMTP id ', ' for ', ';\r\n ', ' +0000 (UTC)'],
  ...['Received: from [192.168.', '] (', ' (Authenticated sender: '],
  '\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)',
  '\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)',
  '\t(No client certificate requested)',
  ...['\tby ', ' (Postfix) with ESMTPSA id ', ' (Postfix) with ESMTPS id ', ' (Postfix) with ESMTP id '],
  ...[
    '\tfor <',
    '>; Mon, ',
    ' Jan 2026 ',
    ' Dec 2025 ',
    'Return-Path: <',
    'bounces+',
    'Delivered-To: ',
    'X-Original-To: ',
  ],
);

const signatures = lines(
  'DKIM-Signature: v=1; a=rsa-sha256; q=dns/txt; c=relaxed/simple;',
  '\ts=224i4yxa5dv7c2xz3womw6peuasteono; d=amazonses.com; t=17;',
  '\th=From:To:Subject:MIME-Version:Content-Type:Message-ID:Date:Feedback-ID;',
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=gmail.com; s=20230601; t=17; x=17; darn=;',
  '        h=cc:to:subject:message-id:date:from:in-reply-to:references:mime-version',
  '         :from:to:cc:subject:date:message-id:reply-to:content-type',
  ...['         :content-transfer-encoding;', '        bh=', '        b='],
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=; s=selector1;',
  '\th=from:to:subject:date:message-id:mime-version:content-type:list-unsubscribe:list-unsubscribe-post; bh=;\r\n\tb=',
);

/** The text of a record's tree has no spaces (see structure-codec.ts). */
const trees =
  'applicationoctet-streampdfnameinlineattachmentfilenameimagepngjpegmessagerfc822delivery-statusmultipartreport' +
  'mixedrelatedalternativeboundarytexthtmlcharsetiso-8859-1us-asciiquoted-printablebase647bit8bit' +
  'textplaincharsetutf-8base64quoted-printabletexthtmlcharsetutf-8textplaincharsetUTF-8texthtmlcharsetUTF-8' +
  'alternativeboundary';

const words =
  '=?iso-8859-1?Q?=?UTF-8?Q?=?UTF-8?B?=?utf-8?Q?=?utf-8?B?' +
  'no-reply@noreply@info@googlegroups.comicloud.comyahoo.comhotmail.comoutlook.commail.gmail.com>gmail.com';

const content = lines(
  ...['', 'In-Reply-To: <', 'References: <', '>\r\n <', '@mail.gmail.com>', '.eurprd04.prod.outlook.com>'],
  ...['Content-ID: <', 'Content-Disposition: attachment; filename="', 'Content-Disposition: inline'],
  'MIME-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.500.171.1.1\\))',
  ...['Mime-Version: 1.0', 'Content-Type: multipart/related; boundary="'],
  'Content-Type: multipart/mixed; boundary="----=_Part_',
  'Content-Type: multipart/alternative;\r\n\tboundary="----=_NextPart_000_',
  'Content-Type: multipart/alternative; boundary="000000000000',
  ...['Content-Type: text/html; charset="utf-8"', 'Content-Type: text/plain; charset="iso-8859-1"'],
  ...['Content-Type: text/plain; charset="us-ascii"', 'Content-Transfer-Encoding: 7bit'],
  ...['Content-Transfer-Encoding: 8bit', 'Content-Transfer-Encoding: base64'],
);

const common = lines(
  ...['Date: Mon, 1 Jan 2026 10:00:00 +0000', 'From: "', '" <no-reply@', 'Subject: Re: ', 'Subject: Fwd: '],
  ...['Subject: =?utf-8?Q?', 'To: <', '>,\r\n "', 'Cc: ', 'Message-ID: <', 'Message-Id: <', '@', '.com>'],
  ...[
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    'Content-Transfer-Encoding: quoted-printable',
  ],
  '',
);

/**
 * What records of messages have in common, as zstd takes it: raw content, the most usual last, where it is nearest. Records name it
 * by number (record-codec.ts): its bytes never change, and other ones are another dictionary, beside it.
 */
export const recordDictionary: Uint8Array = Buffer.from(
  'JanFebMarAprMayJunJulAugSepOctNovDecMonTueWedThuFriSatSun' +
    [rare, lists, microsoft, senders, google, authentication, trace, signatures].join('') +
    [trees, words, content, common].join(''),
  'latin1',
);
