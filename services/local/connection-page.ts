import { type Guide, waysIn } from './connection-guide.ts';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string | number): string => String(text).replace(/[&<>"]/g, (c) => escapes[c]!);

/** How to connect, for whoever opens the HTTP port in a browser. Names no account: anybody may look. */
export function connectionPage(guide: Guide): string {
  const rows = waysIn(guide).map(
    ({ purpose, protocol, port, security }) =>
      `<tr><td>${purpose}</td><td>${protocol}</td><td>${escapeHtml(guide.host)}</td><td>${port}</td><td>${security}</td></tr>`,
  );
  const trust =
    guide.caFile === undefined
      ? ''
      : `<h2>Certificate</h2>
<p>It is signed by an authority that this server made for itself. Let your mail client, or the system, trust
<a href="/ca.crt">this certificate</a> once.</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Restante</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid #8886 }
</style>
</head>
<body>
<h1>Restante</h1>
<p>This is a mail server. Set up an account in your mail client with your address as user name, your password, and one of these:</p>
<table>
<tr><th></th><th>Protocol</th><th>Server</th><th>Port</th><th>Security</th></tr>
${rows.join('\n')}
</table>
${trust}
<h2>For machines</h2>
<p><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></p>
</body>
</html>
`;
}
